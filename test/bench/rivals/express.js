/**
 * What people copy: Express, a Map, WeChat's two calls, a JWT. The browser learns of the login over a WebSocket, which also brings the token; or it asks
 * every 0.8 s, and the answer brings it. No signature, no number, no limits, one process.
 */
import { randomUUID } from 'node:crypto'
import express from 'express'
import { SignJWT } from 'jose'
import { WebSocketServer } from 'ws'

const { PORT, WECHAT_API_URL, WECHAT_APPID, WECHAT_SECRET } = process.env
const key = new TextEncoder().encode('a secret of thirty-two characters')
const logins = new Map()

let accessToken
const wechatToken = async () => {
  accessToken ??= fetch(`${WECHAT_API_URL}/cgi-bin/token?grant_type=client_credential&appid=${WECHAT_APPID}&secret=${WECHAT_SECRET}`).then((response) => response.json())
  return (await accessToken).access_token
}

const app = express()
app.use(express.json())

app.get('/health/ready', (request, response) => { response.json({}) })

app.post('/api/logins', (request, response) => {
  const id = randomUUID().replaceAll('-', '')
  logins.set(id, { state: 'waiting' })
  setTimeout(() => { logins.delete(id) }, 180_000).unref()
  response.json({ id })
})

app.get('/api/logins/:id/code', async (request, response) => {
  const answer = await fetch(`${WECHAT_API_URL}/wxa/getwxacodeunlimit?access_token=${await wechatToken()}`, {
    method: 'POST',
    body: JSON.stringify({ scene: request.params.id, page: 'pages/login/login', check_path: false }),
  })
  response.type('image/jpeg').send(Buffer.from(await answer.arrayBuffer()))
})

app.get('/api/logins/:id', (request, response) => {
  const { state, token } = logins.get(request.params.id)
  response.json({ state, token })
})

app.post('/api/phone/login', async (request, response) => {
  const answer = await fetch(`${WECHAT_API_URL}/sns/jscode2session?appid=${WECHAT_APPID}&secret=${WECHAT_SECRET}&js_code=${request.body.js_code}&grant_type=authorization_code`)
  const { openid } = await answer.json()
  response.json({ token: await sign(openid) })
})

app.post('/api/phone/logins/:id/scan', (request, response) => {
  const login = logins.get(request.params.id)
  login.state = 'scanned'
  login.socket?.send(JSON.stringify({ state: 'scanned' }))
  response.json({ state: 'scanned' })
})

app.post('/api/phone/logins/:id/confirm', async (request, response) => {
  const login = logins.get(request.params.id)
  login.state = 'confirmed'
  login.token = await sign('somebody')
  login.socket?.send(JSON.stringify({ state: 'confirmed', token: login.token }))
  response.json({ state: 'confirmed' })
})

const sign = (sub) => new SignJWT({ sub }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt().setExpirationTime('7d').sign(key)

const server = app.listen(Number(PORT), '127.0.0.1')
new WebSocketServer({ server }).on('connection', (socket, request) => {
  const login = logins.get(request.url.slice('/?id='.length))
  if (login === undefined) return socket.close()
  login.socket = socket
})
