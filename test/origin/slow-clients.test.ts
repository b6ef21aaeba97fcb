import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Files, NODE_FILES } from '../../origin/store/files.ts'
import { sendSigned, signRequest } from './signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const PATH = `/${BUCKET}/a`

/** The shortest in which a busy machine still gets its turns; 150 bytes are to move in it. */
const WINDOW_MS = 300

describe('a client that sends', () => {
  test('a trickle is cut off, though it never rests', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory, idleTimeoutMs: WINDOW_MS })
    const socket = await beginUpload(url, 1_000_000)
    const { sent } = await drip(socket, { bytes: 1, everyMs: 20, pieces: 1_000_000 })
    expect(sent).toBeGreaterThan(5)
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toEqual([]))
    expect((await sendSigned({ url, path: PATH })).code).toBe('NoSuchKey')
  })

  test('slowly and steadily is left in peace, however long it takes', async () => {
    const { url } = await startTestOrigin({ idleTimeoutMs: WINDOW_MS })
    const pieces = 60
    const socket = await beginUpload(url, pieces * 100)
    const answered = once(socket, 'data')
    const { ms } = await drip(socket, { bytes: 100, everyMs: 20, pieces })
    expect(ms).toBeGreaterThan(3 * WINDOW_MS)
    expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 200 /)
    expect((await sendSigned({ url, path: PATH })).body).toHaveLength(pieces * 100)
  })

  test('a trickle that nobody wants is cut off too', async () => {
    const { url } = await startTestOrigin({ idleTimeoutMs: WINDOW_MS })
    const socket = await beginUpload(url, 1_000_000, '/nothing-here/a')
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 404 /)
    await drip(socket, { bytes: 1, everyMs: 20, pieces: 1_000_000 })
  })

  test('the head of a request in a trickle is cut off', async () => {
    const { url } = await startTestOrigin({ headersTimeoutMs: WINDOW_MS })
    const socket = await open(url)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nx-long: ')
    const answered = once(socket, 'data')
    await drip(socket, { bytes: 1, everyMs: 20, pieces: 1_000_000 })
    expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 408 /)
  })

  test('many small headers gets all of them considered', async () => {
    const { url } = await startTestOrigin()
    const socket = await open(url)
    const { headers } = await signRequest({ url, path: PATH })
    const many = Array.from({ length: 2500 }, (_, index) => `${index.toString(36)}:\r\n`).join('')
    const signed = Object.entries(headers).map(([name, value]) => `${name}:${value}\r\n`)
    socket.write(`GET ${PATH} HTTP/1.1\r\n${many}${signed.join('')}\r\n`)
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 404 /)
  })
})

test('a client that waits for a slow disk is not cut off', async () => {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const files: Files = {
    ...NODE_FILES,
    async rename(from, to) {
      if (String(to).includes(`meta/${BUCKET}/`)) await held
      return NODE_FILES.rename(from, to)
    },
  }
  const { url } = await startTestOrigin({ files, idleTimeoutMs: WINDOW_MS })
  const put = sendSigned({ url, method: 'PUT', path: PATH, body: 'x' })
  await new Promise((resolve) => setTimeout(resolve, 3 * WINDOW_MS))
  release()
  expect((await put).status).toBe(200)
})

interface Drops {
  readonly bytes: number
  readonly everyMs: number
  readonly pieces: number
}

/** Writes in small pieces until all are written or the other end has closed; how many that were, and how long it took. */
async function drip(
  socket: Socket,
  { bytes, everyMs, pieces }: Drops,
): Promise<{ sent: number; ms: number }> {
  const started = performance.now()
  let sent = 0
  for (; sent < pieces && !socket.closed; sent += 1) {
    socket.write('x'.repeat(bytes))
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  return { sent, ms: performance.now() - started }
}

async function beginUpload(url: string, length: number, path = PATH): Promise<Socket> {
  const socket = await open(url)
  const { headers } = await signRequest({ url, method: 'PUT', path, payload: 'UNSIGNED-PAYLOAD' })
  const lines = Object.entries({ ...headers, 'content-length': String(length) })
  socket.write(
    `PUT ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  )
  return socket
}

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}
