import { Hono } from 'hono'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { ConnectionLimits } from '../../src/connections/connections.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { listen } from '../../src/http/server.ts'
import { openRaw, openSockets, sendUnread, statusesIn, talkRaw } from '../support/raw-client.ts'

const HOST = 'Host: x\r\n'
const HELLO = `GET /hello HTTP/1.1\r\n${HOST}\r\n`
const LAST = `GET /hello HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`
const UPLOAD = `POST /refused HTTP/1.1\r\n${HOST}Content-Length: 4000000000\r\n\r\n`
const MB = 1024 * 1024
const PIECE = Buffer.alloc(MB, 'x')
/** Longer than any test. */
const NEVER_MS = 600_000

type Connection = Awaited<ReturnType<typeof openRaw>>
const opened: Connection[] = []
afterEach(() => {
  for (const { socket } of opened.splice(0)) socket.destroy()
})

/** A client that goes on when it has been answered. */
async function open(url: string): Promise<Connection> {
  const connection = await openRaw(url, { allowHalfOpen: true })
  opened.push(connection)
  return connection
}

async function start(limits: Partial<ConnectionLimits> = {}) {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  let greeted = 0
  const app = new Hono<AppEnv>()
    .get('/hello', (c) => c.text(`hello ${(greeted += 1)}`))
    .get('/held', async (c) => held.then(() => c.text('released')))
    .post('/refused', (c) => c.text('no', 403))
    .post('/read', async (c) => c.text(`${(await c.req.arrayBuffer()).byteLength} bytes`))
  // Whose body never came, is not there to be told.
  app.onError((_, c) => c.text('broken off', 500))
  const server = await listen(app, { host: '127.0.0.1', port: 0, limits })
  onTestFinished(() => server.close(0))
  return { url: server.url, release, greeted: () => greeted }
}

/** Has been answered, and told that nothing follows, though its body is still on its way. */
async function refused({ url }: { readonly url: string }): Promise<Connection> {
  const connection = await open(url)
  const ended = new Promise((resolve) => connection.socket.once('end', resolve))
  connection.socket.write(UPLOAD)
  await ended
  expect(statusesIn(connection.received())).toEqual([403])
  expect(connection.socket.closed).toBe(false)
  return connection
}

/** Writes as fast as it is read, until the connection is closed. */
function flood({ socket }: Connection): void {
  const go = () => {
    while (!socket.destroyed && socket.write(PIECE));
  }
  socket.on('drain', go)
  go()
}

/** Writes a byte every 20 ms until the connection is closed. */
function drip({ socket }: Connection): void {
  const timer = setInterval(() => socket.write('x'), 20)
  socket.once('close', () => clearInterval(timer))
}

test.each([
  ['a body', `POST /refused HTTP/1.1\r\n${HOST}Content-Length: ${20 * MB}\r\n\r\n`, 403],
  ['a body in no chunks', `POST /read HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, 400],
  ['a body of a GET', `GET /hello HTTP/1.1\r\n${HOST}Content-Length: ${20 * MB}\r\n\r\n`, 200],
  ['a header', `GET /hello HTTP/1.1\r\n${HOST}X-Large: `, 431],
  ['nonsense', 'nonsense\r\n\r\n', 400],
  ['what is meant for somebody else', `CONNECT y:443 HTTP/1.1\r\n${HOST}\r\n`, 405],
])('whoever sends 20 MB of %s before reading gets to read the answer', async (_, head, status) => {
  const before = openSockets()
  const { url } = await start({ lingerMs: NEVER_MS, lingerStillMs: NEVER_MS })
  const { socket, closed, received } = await open(url)
  await sendUnread(socket, head, { piece: PIECE, times: 20 })
  socket.end()
  await closed
  expect(statusesIn(received())).toEqual([status])
  await vi.waitFor(() => expect(openSockets()).toBeLessThanOrEqual(before + 1))
})

test('what comes behind a body that was refused is not answered, nor what stands in it', async () => {
  const { url, greeted } = await start()
  for (const [body, behind] of [
    [HELLO, HELLO],
    [HELLO, 'nonsense\r\n\r\n'],
    ['', HELLO.repeat(50_000)],
  ] as const) {
    const { socket, closed, received } = await open(url)
    const ended = new Promise((resolve) => socket.once('end', resolve))
    socket.write(`POST /refused HTTP/1.1\r\n${HOST}Content-Length: ${body.length + 1}\r\n\r\n`)
    await ended
    socket.end(`${body}x${behind}`)
    await closed
    expect(statusesIn(received())).toEqual([403])
  }
  expect(greeted()).toBe(0)
})

test('nonsense behind a request that is being answered takes nothing, however much it is', async () => {
  const { url, release } = await start()
  const warned = vi.fn<(warning: Error) => void>()
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const { socket, received } = await open(url)
  socket.write(`GET /held HTTP/1.1\r\n${HOST}\r\n`)
  for (let sent = 0; sent < 50; sent += 1) {
    await new Promise<void>((resolve) =>
      socket.write(`nonsense ${'x'.repeat(1000)}\r\n\r\n`, () => resolve()),
    )
    await new Promise((resolve) => setImmediate(resolve))
  }
  release()
  await vi.waitFor(() => expect(received()).toContain('released'))
  expect(statusesIn(received())).toEqual([200])
  expect(warned.mock.calls.map(([{ name }]) => name)).not.toContain('MaxListenersExceededWarning')
})

test('whoever stands still after that is cut off', async () => {
  const server = await start({ lingerMs: NEVER_MS, lingerStillMs: 300 })
  const before = openSockets()
  const still = await Promise.all(Array.from({ length: 10 }, async () => refused(server)))
  // Their own ends are all that is left.
  await vi.waitFor(() => expect(openSockets()).toBe(before + still.length), 20_000)
})

test('whoever goes on in a trickle is cut off when the time is over', async () => {
  const server = await start({ lingerMs: 400, lingerStillMs: NEVER_MS, lookEveryMs: 50 })
  const slow = await Promise.all(Array.from({ length: 10 }, async () => refused(server)))
  for (const each of slow) drip(each)
  await Promise.all(slow.map(({ closed }) => closed))
  expect(slow.map(({ received }) => statusesIn(received()))).toEqual(slow.map(() => [403]))
})

test('whoever goes on for ever is read no further than the limit, and cut off then', async () => {
  const server = await start({ lingerBytes: 4 * MB, lingerMs: NEVER_MS, lingerStillMs: 300 })
  const many = await Promise.all(Array.from({ length: 5 }, async () => refused(server)))
  for (const each of many) flood(each)
  await Promise.all(many.map(({ closed }) => closed))
  // What the kernel holds at both ends comes on top.
  for (const { socket } of many) {
    const sent = socket.bytesWritten - socket.writableLength
    expect(sent).toBeGreaterThan(4 * MB)
    expect(sent).toBeLessThan(64 * MB)
  }
})

test('they make room before anybody else does', async () => {
  const server = await start({ maxConnections: 16, lingerMs: NEVER_MS, lingerStillMs: NEVER_MS })
  const before = openSockets()
  const idle = await open(server.url)
  idle.socket.write(HELLO)
  const waiting = await open(server.url)
  waiting.socket.write(`GET /held HTTP/1.1\r\n${HOST}\r\n`)
  await vi.waitFor(() => expect(idle.received()).toContain('hello'))
  const many: Connection[] = []
  for (let at = 0; at < 60; at += 1) many.push(await refused(server))
  await vi.waitFor(() => expect(openSockets()).toBe(before + many.length + 2 + 16))
  for (let at = 0; at < 20; at += 1) expect(statusesIn(await talkRaw(server.url, LAST))).toEqual([200])
  server.release()
  await vi.waitFor(() => expect(waiting.received()).toContain('released'))
  idle.socket.write(HELLO)
  await vi.waitFor(() => expect(statusesIn(idle.received())).toEqual([200, 200]))
})
