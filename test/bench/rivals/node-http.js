/** Bare node:http: the least that the eight calls of a login can cost in Node.js. */
import { createServer } from 'node:http'
import { code, confirm, consume, cookie, create, phoneLogin, poll, scan } from './bare-answers.js'

const sendJson = (response, status, value) => {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }).end(body)
}

/** Reads the body to its end; parsed, as a service has to. */
const withBody = (request, done) => {
  let text = ''
  request.setEncoding('utf8').on('data', (part) => { text += part }).on('end', () => done(text === '' ? undefined : JSON.parse(text)))
}

const idIn = (url) => url.slice(url.indexOf('/tickets/') + '/tickets/'.length).slice(0, 22)

createServer((request, response) => {
  const { method, url } = request
  if (url === '/health/ready') return sendJson(response, 200, {})
  const id = idIn(url)
  if (method === 'GET') {
    if (url.endsWith('/code')) {
      const picture = code()
      return response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': picture.length, 'cache-control': 'private, max-age=180' }).end(picture)
    }
    const { searchParams } = new URL(url, 'http://localhost')
    return poll(id, Number(searchParams.get('after')), Number(searchParams.get('wait')), (view) => sendJson(response, 200, view))
  }
  withBody(request, () => {
    if (url === '/api/tickets') return sendJson(response, 201, create())
    if (url === '/api/phone/login') return sendJson(response, 200, phoneLogin())
    if (url.endsWith('/scan')) return sendJson(response, 200, scan(id))
    if (url.endsWith('/confirm')) return sendJson(response, 200, confirm(id))
    response.setHeader('set-cookie', cookie())
    sendJson(response, 200, consume(id))
  })
}).listen(Number(process.env.PORT), '127.0.0.1')
