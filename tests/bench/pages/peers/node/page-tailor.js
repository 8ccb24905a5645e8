'use strict'
// node-tailor: a template from a folder, and a stream of HTML for each fragment of it.

const http = require('http')
const Tailor = require('node-tailor')

const tailor = new Tailor({ templatesPath: process.env.TEMPLATES })
// Without a listener an error of a fragment would end the process.
tailor.on('error', () => {})

http
  .createServer((request, response) => {
    request.url = '/index'
    tailor.requestHandler(request, response)
  })
  .listen(Number(process.env.PORT), '127.0.0.1')
