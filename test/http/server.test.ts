import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { EDGE_ORIGIN } from '../../src/cdn/distribution.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { listen, type RunningServer } from '../../src/http/server.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'

const PATH = '/img/photos/a.jpg/320.webp'

let gates: ReturnType<typeof gateStore>
let gateway: TestGateway
let server: RunningServer
const sockets: Socket[] = []

beforeEach(async () => {
  gates = gateStore(createMemoryObjectStore())
  gateway = await createTestGateway({ store: gates.store })
  await gateway.bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.close(0)
  await gateway.close()
})

/** A connection of our own: what is sent stands in the test, what comes back is kept byte for byte. */
async function open() {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  return {
    ended: once(socket, 'end'),
    send: (head: string) => socket.write(`${head.replaceAll('\n', '\r\n')}\r\nHost: x\r\n\r\n`),
    received: () => received,
  }
}

/** Everything that one connection answers to these requests, the last of which ends it. */
async function talk(...heads: string[]): Promise<string> {
  const connection = await open()
  for (const head of heads.slice(0, -1)) connection.send(head)
  connection.send(`${heads.at(-1)}\nConnection: close`)
  await connection.ended
  return connection.received()
}

const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))

test('answers without a body have none on the wire, and the connection goes on', async () => {
  const etag = (await fetch(`${server.url}${PATH}`)).headers.get('etag') ?? ''
  const text = await talk(
    `HEAD ${PATH} HTTP/1.1`,
    `HEAD /img/photos/none.jpg/320.webp HTTP/1.1`,
    `GET ${PATH} HTTP/1.1\nIf-None-Match: ${etag}`,
    `OPTIONS ${PATH} HTTP/1.1`,
    `HEAD /livez HTTP/1.1`,
  )
  expect(statuses(text)).toEqual([200, 404, 304, 204, 200])
  const bodies = text
    .split(/HTTP\/1\.1 /)
    .slice(1)
    .map((answer) => answer.split('\r\n\r\n')[1])
  expect(bodies).toEqual(['', '', '', '', ''])
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*content-length: \d{2,3}/i)
})

test('an idle connection is kept for longer than CloudFront and load balancers keep it', async () => {
  const connection = await fetch(`${server.url}/livez`)
  await connection.arrayBuffer()
  const [, seconds] = /timeout=(\d+)/.exec(connection.headers.get('keep-alive') ?? '') ?? []
  expect(Number(seconds)).toBeGreaterThan(EDGE_ORIGIN.keepAliveS)
})

test('a method that is not there is 405, with what it sent left unread', async () => {
  const text = await talk(`POST ${PATH} HTTP/1.1\nContent-Length: 0`, `TRACE ${PATH} HTTP/1.1`)
  expect(statuses(text)).toEqual([405, 405])
  expect(text.match(/allow: GET, HEAD, OPTIONS/gi)).toHaveLength(2)
})

test('a Range on HEAD is ignored: ranges are defined for GET', async () => {
  const text = await talk(
    `HEAD ${PATH} HTTP/1.1\nRange: bytes=0-9`,
    `HEAD ${PATH} HTTP/1.1\nRange: bytes=999999-`,
  )
  expect(statuses(text)).toEqual([200, 200])
})

test('monstrous conditions and ranges are answered like any other', async () => {
  const tags = Array.from({ length: 1500 }, (_, index) => `W/"${index}"`).join(',')
  const text = await talk(
    `GET ${PATH} HTTP/1.1\nIf-None-Match: ${tags}`,
    `GET ${PATH} HTTP/1.1\nIf-None-Match: ${'"'.repeat(12_000)}`,
    `HEAD ${PATH} HTTP/1.1\nRange: bytes=${'9'.repeat(12_000)}-`,
    `GET ${PATH} HTTP/1.1\nRange: bytes=${'9'.repeat(12_000)}-${'9'.repeat(300)}`,
  )
  expect(statuses(text)).toEqual([200, 200, 200, 200])
})

test('while it stops, answers in flight and later ones say that the connection ends', async () => {
  const [first, second] = [await open(), await open()]
  const read = gates.hold('get', (key) => key === 'photos/a.jpg')
  second.send('GET /livez HTTP/1.1')
  await expect.poll(second.received).toContain('alive')
  first.send(`GET ${PATH} HTTP/1.1`)
  await read.reached
  server.drain()
  second.send('GET /readyz HTTP/1.1')
  await second.ended
  expect(second.received()).toMatch(/connection: close/i)
  const closed = server.close(10_000)
  read.release()
  await first.ended
  await closed
  expect(first.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*connection: close/i)
})

test('an answer that comes before its request has been read whole ends the connection', async () => {
  const app = new Hono<AppEnv>()
  app.post('/read', async (c) => c.text(await c.req.text()))
  app.post('/refuse', (c) => c.text('no', 415))
  const own = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => own.close(0))
  const post = async (path: string, body: string | undefined) => {
    const answer = await fetch(`${own.url}${path}`, { method: 'POST', ...(body && { body }) })
    await answer.text()
    return answer.headers.get('connection')
  }
  expect(await post('/read', 'x'.repeat(500_000))).toBe('keep-alive')
  expect(await post('/refuse', undefined)).toBe('keep-alive')
  for (let times = 0; times < 3; times += 1) expect(await post('/refuse', 'x'.repeat(500_000))).toBe('close')
})
