'use strict'
// node-tailor: a template, and a stream of HTML for each fragment of it. As it comes, it reads and
// parses the template for every page; its README names the place to keep it, which KEEPS does.

const fs = require('fs')
const http = require('http')
const path = require('path')
const Tailor = require('node-tailor')

const page = fs.readFileSync(path.join(process.env.TEMPLATES, 'index.html'), 'utf-8')
let parsed

const asItComes = { templatesPath: process.env.TEMPLATES }
const kept = { fetchTemplate: (request, parseTemplate) => (parsed ??= parseTemplate(page)) }
const tailor = new Tailor(process.env.KEEPS ? kept : asItComes)

http
  .createServer((request, response) => {
    request.url = '/index'
    tailor.requestHandler(request, response)
  })
  .listen(Number(process.env.PORT), '127.0.0.1')
