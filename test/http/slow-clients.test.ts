import { Hono } from 'hono'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ConnectionLimits } from '../../src/connections/connections.ts'
import type { AppEnv } from '../../src/http/env.ts'
import { listen } from '../../src/http/server.ts'
import { openRaw, openSockets, statusesIn, talkRaw } from '../support/raw-client.ts'

const HOST = 'Host: x\r\n'
const HELLO = `GET /hello HTTP/1.1\r\n${HOST}\r\n`
const LARGE = 16 * 1024 * 1024
/** In which a client must move: the shortest in which a busy machine still gets its turns. */
const STALL_MS = 400

const opened: Awaited<ReturnType<typeof openRaw>>[] = []
afterEach(() => {
  for (const { socket } of opened.splice(0)) socket.destroy()
})

async function open(url: string) {
  const connection = await openRaw(url)
  opened.push(connection)
  return connection
}

const times = async <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work))

async function start(limits: Partial<ConnectionLimits> = {}, headersTimeoutMs?: number) {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const app = new Hono<AppEnv>()
    .get('/hello', (c) => c.text('hello'))
    .get('/large', (c) => c.body(Buffer.alloc(LARGE)))
    .get('/held', async (c) => held.then(() => c.text('released')))
    .post('/body', async (c) => c.text(`${(await c.req.arrayBuffer()).byteLength} bytes`))
  // Whose body never came, is not there to be told.
  app.onError((_, c) => c.text('broken off', 500))
  const server = await listen(app, { host: '127.0.0.1', port: 0, limits, headersTimeoutMs })
  onTestFinished(() => server.close(0))
  return { url: server.url, release }
}

/** How many of so many requests are answered, each on a connection of its own. */
async function answered(url: string, count: number): Promise<number> {
  let answers = 0
  for (let at = 0; at < count; at += 1) {
    const text = await talkRaw(url, `GET /hello HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)
    if (statusesIn(text)[0] === 200) answers += 1
  }
  return answers
}

/** Writes as much every 20 ms until it has been told to stop, or until the other end has closed. */
function drip({ socket }: Awaited<ReturnType<typeof open>>, bytes: number): () => void {
  const timer = setInterval(() => socket.write('x'.repeat(bytes)), 20)
  const stop = () => clearInterval(timer)
  socket.once('close', stop)
  return stop
}

describe('a client that sends', () => {
  test('the head of a request in a trickle is told so and cut off, and nobody waits for it', async () => {
    const { url } = await start({}, STALL_MS)
    const slow = await times(20, async () => open(url))
    for (const each of slow) {
      each.socket.write(`GET /hello HTTP/1.1\r\n${HOST}X-Slow: `)
      drip(each, 1)
    }
    expect(await answered(url, 20)).toBe(20)
    await Promise.all(slow.map(({ closed }) => closed))
    for (const { received } of slow) {
      expect(received()).toMatch(/^HTTP\/1\.1 408 .*\r\n(?:.+\r\n)*cache-control: no-store\r\n/i)
    }
  })

  test('nothing at all is cut off', async () => {
    const { url } = await start({}, STALL_MS)
    const silent = await times(5, async () => open(url))
    await Promise.all(silent.map(({ closed }) => closed))
    expect(await answered(url, 1)).toBe(1)
  })

  test.each([
    ['in a trickle', 1],
    ['and stops', 0],
  ])('a body %s is cut off', async (_, bytes) => {
    const { url } = await start({ stallMs: STALL_MS, lookEveryMs: 50 })
    const slow = await times(20, async () => open(url))
    for (const each of slow) {
      each.socket.write(`POST /body HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`)
      drip(each, bytes)
    }
    expect(await answered(url, 20)).toBe(20)
    await Promise.all(slow.map(({ closed }) => closed))
    expect(slow.map(({ received }) => received())).toEqual(slow.map(() => ''))
  })

  test('a body in a trickle behind another request is cut off too', async () => {
    const { url } = await start({ stallMs: STALL_MS, lookEveryMs: 50 })
    const slow = await open(url)
    slow.socket.write(`${HELLO}POST /body HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`)
    drip(slow, 1)
    await slow.closed
    expect(statusesIn(slow.received())).toEqual([200])
  })

  test('a body slowly and steadily is left in peace, however long it takes', async () => {
    const { url } = await start({ stallMs: STALL_MS, lookEveryMs: 50 })
    const connection = await open(url)
    const bytes = 80 * 200
    const began = performance.now()
    connection.socket.write(
      `POST /body HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: ${bytes}\r\n\r\n`,
    )
    const stop = drip(connection, 200)
    await vi.waitFor(() => expect(connection.received()).toContain(`${bytes} bytes`), 20_000)
    stop()
    expect(performance.now() - began).toBeGreaterThan(3 * STALL_MS)
  })
})

describe('a client that reads nothing', () => {
  const askForLarge = async (url: string) => {
    const connection = await open(url)
    connection.socket.pause()
    connection.socket.write(`GET /large HTTP/1.1\r\n${HOST}\r\n`)
    return connection
  }
  /** What of an answer has come, once the other end has let go. */
  const readToEnd = async ({ socket, closed, received }: Awaited<ReturnType<typeof open>>) => {
    socket.resume()
    await closed
    return received().length
  }

  test('is given up, and nobody waits for it', async () => {
    const { url } = await start({ stallMs: STALL_MS, lookEveryMs: 50 })
    const before = openSockets()
    const stuck = await times(10, async () => askForLarge(url))
    await vi.waitFor(() => expect(openSockets()).toBeGreaterThanOrEqual(before + 2 * stuck.length))
    expect(await answered(url, 20)).toBe(20)
    // Their own ends are all that is left.
    await vi.waitFor(() => expect(openSockets()).toBeLessThanOrEqual(before + stuck.length), 20_000)
    for (const each of stuck) expect(await readToEnd(each)).toBeLessThan(LARGE)
  })

  test('is given up sooner where many hold much', async () => {
    const { url } = await start({ stallMs: 600_000, lookEveryMs: 50, maxUnsentBytes: 2.5 * LARGE })
    const before = openSockets()
    const stuck = await times(8, async () => askForLarge(url))
    await vi.waitFor(() => expect(openSockets()).toBe(before + stuck.length + 2), 20_000)
    const lengths = await Promise.all(
      stuck.map(async (each) => {
        each.socket.resume()
        await vi.waitFor(
          () => expect(each.socket.closed || each.received().length > LARGE).toBe(true),
          20_000,
        )
        return each.received().length
      }),
    )
    expect(lengths.filter((length) => length > LARGE)).toHaveLength(2)
  })
})

test('a client that waits for us is not cut off', async () => {
  const { url, release } = await start({ stallMs: STALL_MS, lookEveryMs: 50 })
  const connection = await open(url)
  connection.socket.write(`GET /held HTTP/1.1\r\n${HOST}\r\n`)
  // Another that stands still, from the same moment on: once it is gone, more than the time is over.
  const idle = await open(url)
  idle.socket.write(`POST /body HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`)
  await idle.closed
  const again = await open(url)
  again.socket.write(`POST /body HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`)
  await again.closed
  release()
  await vi.waitFor(() => expect(connection.received()).toContain('released'))
})

describe('more connections than there may be', () => {
  test('make room: those first on which nothing has come', async () => {
    const before = openSockets()
    const { url } = await start({ maxConnections: 16 })
    const used = await open(url)
    used.socket.write(HELLO)
    await vi.waitFor(() => expect(used.received()).toContain('hello'))
    const many = await times(60, async () => open(url))
    await vi.waitFor(() => expect(many.filter(({ socket }) => !socket.closed).length).toBeLessThan(16))
    expect(await answered(url, 20)).toBe(20)
    used.socket.write(HELLO)
    await vi.waitFor(() => expect(statusesIn(used.received())).toEqual([200, 200]))
    for (const { socket } of many) socket.destroy()
    used.socket.destroy()
    await vi.waitFor(() => expect(openSockets()).toBeLessThanOrEqual(before + 1))
  })

  test('then those that idle, and never one that is being answered', async () => {
    const { url, release } = await start({ maxConnections: 16 })
    const waiting = await times(15, async () => open(url))
    for (const { socket } of waiting) socket.write(`GET /held HTTP/1.1\r\n${HOST}\r\n`)
    const idle = await open(url)
    idle.socket.write(HELLO)
    await vi.waitFor(() => expect(idle.received()).toContain('hello'))
    expect(await answered(url, 20)).toBe(20)
    await idle.closed
    release()
    for (const { received } of waiting) await vi.waitFor(() => expect(received()).toContain('released'))
  })

  test('nor one whose answer comes behind another on the same connection', async () => {
    const { url, release } = await start({ maxConnections: 16 })
    const waiting = await times(15, async () => open(url))
    for (const { socket } of waiting) socket.write(`${HELLO}GET /held HTTP/1.1\r\n${HOST}\r\n`)
    const idle = await open(url)
    idle.socket.write(HELLO)
    for (const { received } of [...waiting, idle])
      await vi.waitFor(() => expect(received()).toContain('hello'))
    expect(await answered(url, 20)).toBe(20)
    await idle.closed
    release()
    for (const { received } of waiting) await vi.waitFor(() => expect(received()).toContain('released'))
  })
})
