/** Bare Fastify: the same answers, with a schema for each, as Fastify wants to be used. */
import Fastify from 'fastify'
import { code, confirm, consume, cookie, create, phoneLogin, poll, scan } from './bare-answers.js'

const app = Fastify()
app.addHook('onRequest', async (request, reply) => { reply.header('cache-control', 'no-store') })

const text = { type: 'string' }
const integer = { type: 'integer' }
const nullable = { type: ['string', 'null'] }
const answering = (status, properties) => ({ schema: { response: { [status]: { type: 'object', properties } } } })
const user = { type: 'object', properties: { sub: text, name: nullable } }
const view = { ticket: text, state: text, version: integer, expires_in: integer, match_code: text }

app.get('/health/ready', async () => ({}))
app.post('/api/tickets', answering(201, { ...view, secret: text, code_url: text, max_wait: integer, match: { type: 'boolean' } }), async (request, reply) => reply.code(201).send(create()))
app.get('/api/tickets/:ticket/code', async (request, reply) => reply.type('image/jpeg').send(code()))
app.get('/api/tickets/:ticket', answering(200, view), (request, reply) => {
  const { after, wait } = request.query
  poll(request.params.ticket, Number(after), Number(wait), (view) => { reply.send(view) })
})
app.post('/api/tickets/:ticket/consume', answering(200, { access_token: text, token_type: text, expires_in: integer, user, return_to: nullable }),
  async (request, reply) => reply.header('set-cookie', cookie()).send(consume(request.params.ticket)))
app.post('/api/phone/login', answering(200, { key_id: text, key: text, expires_in: integer, server_time: integer, user }), async () => phoneLogin())
app.post('/api/phone/tickets/:ticket/scan', answering(200, {
  state: text,
  version: integer,
  expires_in: integer,
  site: { type: 'object', properties: { name: text, origin: text, service: text } },
  browser: { type: 'object', properties: { name: text, system: text, network: text, place: nullable, place_en: nullable, is_phone: { type: 'boolean' } } },
  other_country: { type: 'boolean' },
  phone_place: nullable,
  phone_place_en: nullable,
  created_at: text,
  match: text,
  match_choices: { type: 'array', items: text },
}), async (request) => scan(request.params.ticket))
app.post('/api/phone/tickets/:ticket/confirm', answering(200, { state: text, version: integer }), async (request) => confirm(request.params.ticket))

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
