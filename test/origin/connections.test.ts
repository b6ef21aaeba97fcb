import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { LogLine } from '../../origin/log.ts'
import { type Prepared, sendSigned, signRequest } from './signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const PATH = `/${BUCKET}/a`

describe('Expect: 100-continue', () => {
  test('a request that is accepted is told to go on', async () => {
    const { url } = await startTestOrigin()
    const prepared = await signRequest({ url, method: 'PUT', path: PATH, payload: 'UNSIGNED-PAYLOAD' })
    const { told, status } = await sendExpecting(prepared, 'the body')
    expect([told, status]).toEqual([true, 200])
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe('the body')
  })

  test.each([
    { what: 'a wrong signature', change: { secret: 'wrong' }, expected: 403 },
    { what: 'no such bucket', change: { path: '/nothing-here/a' }, expected: 404 },
    { what: 'a condition that does not hold', change: { headers: { 'if-match': '"x"' } }, expected: 404 },
  ])('$what is refused before the body is sent', async ({ change, expected }) => {
    const { url } = await startTestOrigin()
    const prepared = await signRequest({
      url,
      method: 'PUT',
      path: PATH,
      payload: 'UNSIGNED-PAYLOAD',
      ...change,
    })
    const { told, status, connection } = await sendExpecting(prepared, 'the body')
    expect([told, status, connection]).toEqual([false, expected, 'close'])
  })

  test('a large upload by the SDK', async () => {
    const { url } = await startTestOrigin()
    const client = createClient(url)
    const body = Buffer.alloc(5_000_000, 'abc')
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: body }))
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'a' }))
    expect(body.equals((await got.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(true)
  })
})

describe('a client that does not behave', () => {
  test('one that leaves in mid-upload changes nothing', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    await sendSigned({ url, method: 'PUT', path: PATH, body: 'before' })
    const socket = await beginUpload(url)
    socket.write('only some')
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(2))
    socket.destroy()
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1))
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe('before')
  })

  test('one that sends nothing for too long is cut off', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory, idleTimeoutMs: 200 })
    const socket = await beginUpload(url)
    socket.write('only some')
    await once(socket, 'close')
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(0))
  })

  test('one that takes nothing for too long is cut off', async () => {
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({
      idleTimeoutMs: 200,
      log: (line) => lines.push(line),
      logRequests: true,
    })
    await sendSigned({ url, method: 'PUT', path: PATH, body: Buffer.alloc(30_000_000) })
    const socket = await open(url)
    socket.write(head(await signRequest({ url, path: PATH })))
    socket.pause()
    await vi.waitFor(() => expect(lines).toHaveLength(2), 10_000)
    // What the kernel holds may still be read; the rest of 30 MB never comes.
    socket.resume()
    await once(socket, 'close')
    expect(socket.bytesRead).toBeLessThan(30_000_000)
  })

  test('one that sends a refused body gets to see why, and may use the connection again', async () => {
    const { url } = await startTestOrigin()
    const socket = await open(url)
    const refused = await signRequest({
      url,
      method: 'PUT',
      path: '/nothing-here/a',
      payload: 'UNSIGNED-PAYLOAD',
    })
    socket.write(head(refused, { 'content-length': '500000' }))
    socket.write('x'.repeat(500_000))
    expect(await nextStatus(socket)).toBe(404)
    socket.write(head(await signRequest({ url, method: 'HEAD', path: `/${BUCKET}` })))
    expect(await nextStatus(socket)).toBe(200)
  })

  test('one that goes on sending a refused body for long is cut off', async () => {
    const { url } = await startTestOrigin()
    const socket = await open(url)
    const refused = await signRequest({
      url,
      method: 'PUT',
      path: '/nothing-here/a',
      payload: 'UNSIGNED-PAYLOAD',
    })
    socket.write(head(refused, { 'content-length': '4000000000' }))
    expect(await nextStatus(socket)).toBe(404)
    const flood = Buffer.alloc(1_000_000)
    const go = (): void => {
      while (!socket.destroyed && socket.write(flood));
    }
    socket.on('drain', go)
    go()
    await new Promise((resolve) => socket.once('close', resolve))
    expect(socket.bytesWritten).toBeLessThan(4_000_000_000)
  })

  test('one with endless headers is refused', async () => {
    const { url } = await startTestOrigin()
    const socket = await open(url)
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await nextStatus(socket)).toBe(431)
  })
})

describe('the log', () => {
  test('has a line a request when asked for, and no secret', async () => {
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ log: (line) => lines.push(line), logRequests: true })
    await sendSigned({ url, path: PATH, query: { 'response-content-type': 'secret' } })
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    expect(lines[0]).toMatchObject({ msg: 'request', method: 'GET', path: PATH, status: 404 })
    expect(JSON.stringify(lines)).not.toMatch(/secret|Signature|Credential/)
  })

  test('is silent about requests otherwise', async () => {
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ log: (line) => lines.push(line) })
    await sendSigned({ url, path: PATH })
    expect(lines).toEqual([])
  })
})

test('a stop finishes the upload under way and closes idle connections', async () => {
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory })
  const idle = await open(origin.url)
  const socket = await beginUpload(origin.url)
  socket.write('x'.repeat(500_000))
  await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1))
  const idleClosed = once(idle, 'close')
  const closed = origin.close()
  await idleClosed
  socket.write('x'.repeat(500_000))
  expect(await nextStatus(socket)).toBe(200)
  await closed
  const again = await startTestOrigin({ directory })
  expect((await sendSigned({ url: again.url, path: PATH })).body).toHaveLength(1_000_000)
})

test('a stop does not wait for ever', async () => {
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory, graceMs: 100 })
  await beginUpload(origin.url)
  await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1))
  await origin.close()
})

interface Expecting {
  readonly told: boolean
  readonly status: number | undefined
  readonly connection: string | undefined
}

async function sendExpecting({ url, method, path, headers }: Prepared, body: string): Promise<Expecting> {
  const { hostname, port } = new URL(url)
  const withLength = { ...headers, expect: '100-continue', 'content-length': String(body.length) }
  const request = httpRequest({ hostname, port, method, path, headers: withLength, agent: false })
  let told = false
  request.on('continue', () => {
    told = true
    request.end(body)
  })
  request.flushHeaders()
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      response.resume()
      resolve({ told, status: response.statusCode, connection: response.headers.connection })
    })
  })
}

/** The head of an upload of a million bytes, and nothing more. */
async function beginUpload(url: string): Promise<Socket> {
  const socket = await open(url)
  const prepared = await signRequest({ url, method: 'PUT', path: PATH, payload: 'UNSIGNED-PAYLOAD' })
  socket.write(head(prepared, { 'content-length': '1000000' }))
  return socket
}

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function head({ method, path, headers }: Prepared, more: Record<string, string> = {}): string {
  const lines = Object.entries({ ...headers, ...more }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

async function nextStatus(socket: Socket): Promise<number> {
  const [first] = await once(socket, 'data')
  return Number(String(first).split(' ')[1])
}
