import { expect, onTestFinished, test, vi } from 'vitest'
import { openRaw, openSockets, sendUnread, statusesIn } from '../support/raw-client.ts'
import { signRequest } from './signed-request.ts'
import { BUCKET, startTestOrigin } from './start-test-origin.ts'

const MB = 1024 * 1024
const PIECE = Buffer.alloc(MB, 'x')

/** The head of a PUT of so many bytes to a bucket that is not there. */
async function headOf(url: string, bytes: number, more = ''): Promise<string> {
  const refused = { url, method: 'PUT', path: '/nothing-here/a', payload: 'UNSIGNED-PAYLOAD' }
  const { path, headers } = await signRequest(refused)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `PUT ${path} HTTP/1.1\r\n${lines.join('')}Content-Length: ${bytes}\r\n${more}\r\n`
}

/** A client that goes on when it has been answered. */
async function open(url: string) {
  const connection = await openRaw(url, { allowHalfOpen: true })
  onTestFinished(() => void connection.socket.destroy())
  return connection
}

test.each([
  ['a body', async (url: string) => headOf(url, 40 * MB), 404],
  [
    'a body for which it was to wait',
    async (url: string) => headOf(url, 40 * MB, 'Expect: 100-continue\r\n'),
    404,
  ],
  [
    'a body of two lengths',
    async () => `PUT /${BUCKET}/a HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: ${40 * MB}\r\n\r\n`,
    400,
  ],
  ['a header', async () => 'GET / HTTP/1.1\r\nHost: x\r\nX-Large: ', 431],
  ['nonsense', async () => 'nonsense\r\n\r\n', 400],
])('whoever sends 40 MB of %s before reading gets to read the answer', async (_, head, status) => {
  const before = openSockets()
  const { url } = await startTestOrigin()
  const { socket, closed, received } = await open(url)
  await sendUnread(socket, await head(url), { piece: PIECE, times: 40 })
  socket.end()
  await closed
  expect(statusesIn(received())).toEqual([status])
  await vi.waitFor(() => expect(openSockets()).toBeLessThanOrEqual(before + 1))
})

test('what comes behind a body that was refused for its length is not answered', async () => {
  const { url } = await startTestOrigin()
  const { socket, closed, received } = await open(url)
  const ended = new Promise((resolve) => socket.once('end', resolve))
  const behind = 'GET /-/health HTTP/1.1\r\nHost: x\r\n\r\n'
  socket.write(await headOf(url, 20 * MB))
  for (let sent = 0; sent < 20; sent += 1) socket.write(PIECE)
  await ended
  socket.end(behind.repeat(1000))
  await closed
  expect(statusesIn(received())).toEqual([404])
})

test('whoever stands still after that is cut off', async () => {
  const { url } = await startTestOrigin({ idleTimeoutMs: 300 })
  const before = openSockets()
  const still = await Promise.all(Array.from({ length: 10 }, async () => open(url)))
  for (const { socket } of still) socket.write(await headOf(url, 20 * MB, 'Expect: 100-continue\r\n'))
  for (const { received } of still)
    await vi.waitFor(() => expect(statusesIn(received())).toEqual([404]), 20_000)
  // Their own ends are all that is left.
  await vi.waitFor(() => expect(openSockets()).toBe(before + still.length), 20_000)
})

test('whoever goes on for ever is read no further than a limit, and cut off then', async () => {
  const { url } = await startTestOrigin({ idleTimeoutMs: 300 })
  const { socket, closed, received } = await open(url)
  socket.write(await headOf(url, 4_000 * MB))
  const go = () => {
    while (!socket.destroyed && socket.write(PIECE));
  }
  socket.on('drain', go)
  go()
  await closed
  expect(statusesIn(received())).toEqual([404])
  // What the kernel holds at both ends comes on top.
  expect(socket.bytesWritten - socket.writableLength).toBeLessThan(200 * MB)
})
