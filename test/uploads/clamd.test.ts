import { once } from 'node:events'
import { createServer } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClamdAddress, createClamdScanner } from '../../src/uploads/clamd.ts'
import { type Clamd, EICAR, hasClamd, MAX_BYTES, startClamd, startServer, startStandIn } from './clamd.ts'

const scannerAt = (address: ClamdAddress, options: { timeoutMs?: number; maxBytes?: number } = {}) =>
  createClamdScanner({ address, timeoutMs: 10_000, maxBytes: MAX_BYTES, ...options })

if (!hasClamd) process.stdout.write('No clamd on this machine: only its stand-in is tried\n')

describe.each([
  { name: 'the real daemon', start: startClamd, isHere: hasClamd },
  { name: 'the stand-in', start: startStandIn, isHere: true },
])('requirements: Safety – virus scan with $name', ({ start, isHere }) => {
  let clamd: Clamd | undefined

  beforeAll(async () => {
    if (isHere) clamd = await start()
  })
  afterAll(async () => clamd?.stop())

  const scan = async (body: Readable | Buffer, maxBytes = MAX_BYTES) => {
    if (clamd === undefined) throw new Error('Not started')
    return scannerAt(clamd.address, { maxBytes }).scan(body)
  }

  test.runIf(isHere)('EICAR is found, as a buffer and in small pieces', async () => {
    const found = { found: expect.stringContaining('Eicar-Test-Signature') }
    expect(await scan(EICAR)).toEqual(found)
    const pieces = [...EICAR].map((byte) => Buffer.from([byte]))
    expect(await scan(Readable.from([Buffer.alloc(0), ...pieces]))).toEqual(found)
  })

  test.runIf(isHere)('other files are clean, the empty one and the largest among them', async () => {
    for (const bytes of [0, 1, MAX_BYTES]) {
      expect(await scan(Readable.from([Buffer.alloc(bytes, 7)]))).toBe('clean')
    }
  })

  test.runIf(isHere)('many at once keep apart', async () => {
    const files = Array.from({ length: 12 }, (_, index) =>
      index % 3 === 0 ? EICAR : Buffer.alloc(900, index),
    )
    const verdicts = await Promise.all(files.map((file) => scan(file)))
    expect(verdicts.map((verdict) => verdict === 'clean')).toEqual(files.map((file) => file !== EICAR))
  })

  test.runIf(isHere)('a file beyond what clamd takes is refused, whoever notices', async () => {
    const file = Buffer.alloc(MAX_BYTES + 1)
    await expect(scan(file)).rejects.toMatchObject({ code: 'upload_too_large' })
    // clamd hangs up with bytes unread, and its last words may be lost with the connection.
    const refusal = expect.stringMatching(/^(upload_too_large|scanner_unavailable)$/)
    await expect(scan(file, 2 * MAX_BYTES)).rejects.toMatchObject({ code: refusal })
  })
})

describe('without a verdict nobody says clean', () => {
  test('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('No port')
    await new Promise((resolve) => server.close(resolve))
    await expect(scannerAt({ host: '127.0.0.1', port: address.port }).scan(EICAR)).rejects.toMatchObject({
      code: 'scanner_unavailable',
      status: 503,
    })
  })

  test.each([
    ['never answers', () => {}, 200],
    ['hangs up', (socket: { destroy(): void }) => socket.destroy(), 10_000],
    ['answers nothing', (socket: { end(): void }) => socket.end(), 10_000],
    [
      'cannot scan',
      (socket: { end(text: string): void }) => socket.end("stream: Can't allocate memory ERROR\0"),
      10_000,
    ],
    [
      'is cut off within its answer',
      (socket: { end(text: string): void }) => socket.end('stream: O'),
      10_000,
    ],
  ] as const)('clamd %s', async (_name, onConnection, timeoutMs) => {
    const server = await startServer(onConnection)
    try {
      const scanning = scannerAt(server.address, { timeoutMs }).scan(Buffer.alloc(100))
      await expect(scanning).rejects.toMatchObject({ code: 'scanner_unavailable' })
    } finally {
      await server.stop()
    }
  })

  test('a body that fails is told as what it is, and a caller that leaves ends the scan', async () => {
    const server = await startServer(() => {})
    try {
      const broken = Readable.from(
        (async function* () {
          yield Buffer.from('beginning')
          throw new TypeError('the bucket hung up')
        })(),
      )
      await expect(scannerAt(server.address).scan(broken)).rejects.toThrow(
        new TypeError('the bucket hung up'),
      )
      const leaving = new AbortController()
      const scanning = scannerAt(server.address).scan(Buffer.alloc(10), leaving.signal)
      leaving.abort(new Error('left'))
      await expect(scanning).rejects.toThrow('left')
    } finally {
      await server.stop()
    }
  })
})
