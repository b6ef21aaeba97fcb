import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { listen, type RunningServer } from '../../src/http/server.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'
import { openRaw, statusesIn, talkRaw } from '../support/raw-client.ts'

const SOURCE = 'photos/a.jpg'

/** The keys that have been read, or are to be. */
const read: string[] = []
let gates: ReturnType<typeof gateStore>
let gateway: TestGateway
let server: RunningServer

beforeAll(async () => {
  const memory = createMemoryObjectStore()
  gates = gateStore({ ...memory, get: async (key, options) => (read.push(key), memory.get(key, options)) })
  const environment = { HALFTONE_SIZES: 'any', HALFTONE_WORKERS: '2' }
  gateway = await createTestGateway({ store: gates.store, environment })
  await gateway.bucket.put(SOURCE, await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
})
beforeEach(() => {
  read.length = 0
})
afterAll(async () => {
  await server.close(0)
  await gateway.close()
})

const get = (width: number, headers = '') =>
  `GET /img/${SOURCE}/${width}.jpg HTTP/1.1\r\nHost: x\r\n${headers}\r\n`
/** The variants that have been looked for: each stands for a request that has begun. */
const looked = () => read.filter((key) => key.startsWith('img/'))
const CLOSE = 'Connection: close\r\n'
/** So many, none of which another test asks for. */
const widths = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at)

test('requests sent at once on one connection take one slot, and are answered in their order', async () => {
  const { reached, release } = gates.hold('get', (key) => key === SOURCE)
  const { socket, closed, received } = await openRaw(server.url)
  const many = widths(1, 40)
  socket.write(many.map((width) => get(width, width === many.at(-1) ? CLOSE : '')).join(''))
  await reached
  // All of them have been read by now: they stand in the order of one connection.
  expect(statusesIn(await talkRaw(server.url, get(100, CLOSE)))).toEqual([200])
  // The one that is held, and the other connection's.
  expect(looked()).toHaveLength(2)
  release()
  await closed
  expect(statusesIn(received())).toEqual(many.map(() => 200))
  const named = [...received().matchAll(/\r\ncontent-location: .*\/(\d+)\.jpg\r\n/gi)]
  expect(named.map(([, width]) => Number(width))).toEqual(many)
})

test('whoever sends thousands ahead is cut off, and nothing of it is rendered', async () => {
  const { reached, release } = gates.hold('get', (key) => key === SOURCE)
  const { socket, closed, received } = await openRaw(server.url)
  socket.write(
    widths(1000, 5000)
      .map((width) => get(width))
      .join(''),
  )
  await closed
  await reached
  release()
  expect(received()).toBe('')
  expect(statusesIn(await talkRaw(server.url, get(6000, CLOSE)))).toEqual([200])
  expect(looked()).toHaveLength(2)
})

test('a good request is answered though nonsense comes behind it', async () => {
  const { reached, release } = gates.hold('get', (key) => key === SOURCE)
  const { socket, closed, received } = await openRaw(server.url)
  socket.write(`${get(200)}nonsense\r\n\r\n${get(201)}`)
  await reached
  release()
  await closed
  expect(statusesIn(received())).toEqual([200])
})

test('one that leaves while its requests wait leaves no work behind', async () => {
  const { reached, release } = gates.hold('get', (key) => key === SOURCE)
  const { socket, closed } = await openRaw(server.url)
  socket.write(
    widths(300, 50)
      .map((width) => get(width))
      .join(''),
  )
  await reached
  socket.destroy()
  await closed
  expect(statusesIn(await talkRaw(server.url, get(400, CLOSE)))).toEqual([200])
  release()
  await vi.waitFor(() =>
    expect(gateway.pool.stats().workers.every(({ state }) => state !== 'busy')).toBe(true),
  )
  expect(looked()).toHaveLength(2)
})

test('behind an answer that ends the connection nothing is made', async () => {
  const { reached, release } = gates.hold('get', (key) => key === SOURCE)
  const { socket, closed, received } = await openRaw(server.url)
  socket.write(`${get(500, 'Content-Length: 1\r\n')}x${get(501)}${get(502)}`)
  await reached
  release()
  await closed
  expect(statusesIn(received())).toEqual([200])
  expect(statusesIn(await talkRaw(server.url, get(503, CLOSE)))).toEqual([200])
  expect(looked()).toHaveLength(2)
})
