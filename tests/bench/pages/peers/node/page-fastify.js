'use strict'
// fastify and undici: a pool for each service, and a template that is compiled once.

const fastify = require('fastify')()
const { Pool } = require('undici')
const { Eta } = require('eta')

const promo = new Pool(process.env.PROMO_URL)
const recco = new Pool(process.env.RECCO_URL)

async function asked(pool, path) {
  const { body } = await pool.request({ path, method: 'GET' })
  return body.json()
}

fastify.register(require('@fastify/view'), {
  engine: { eta: new Eta() },
  templates: process.env.TEMPLATES,
  production: true
})

fastify.get('/', async (request, reply) => {
  const [said, recommended] = await Promise.all([
    asked(promo, '/v1/promotions'),
    asked(recco, '/v1/recommendations')
  ])
  return reply.viewAsync('page.eta', { promo: said, books: recommended.items })
})

fastify.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
