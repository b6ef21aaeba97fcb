import { expect, onTestFinished, test, vi } from 'vitest'
import { readUploadForm, type UploadForm } from '../../src/uploads/form.ts'

const HEAD = '--B\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
const TAIL = '\r\n--B--\r\n'
const PIECE = new Uint8Array(64 * 1024)
const LIMITS = { maxBytes: 1e9, idleTimeoutMs: 10_000 }

/** A form with a file of so many pieces, which are made when they are asked for. */
function longForm(pieces: number) {
  let given = 0
  const body = new ReadableStream<Uint8Array>({
    pull(stream) {
      if (given === 0) stream.enqueue(Buffer.from(HEAD))
      if (given < pieces) stream.enqueue(PIECE)
      else {
        stream.enqueue(Buffer.from(TAIL))
        stream.close()
      }
      given += 1
    },
  })
  const headers = { 'content-type': 'multipart/form-data; boundary=B' }
  const request = new Request('http://test/', { method: 'POST', headers, body, duplex: 'half' })
  return { request, givenBytes: () => given * PIECE.length }
}

test('a file is taken as fast as it is read, and never held whole', async () => {
  const pieces = 400
  const { request, givenBytes } = longForm(pieces)
  let read = 0
  let ahead = 0
  await readUploadForm(request, LIMITS, async ({ file }: UploadForm) => {
    for await (const piece of file as AsyncIterable<Buffer>) {
      read += piece.length
      ahead = Math.max(ahead, givenBytes() - read)
    }
  })
  expect(read).toBe(pieces * PIECE.length)
  expect(ahead).toBeLessThan(1024 * 1024)
})

test('parts without a name are counted: a form is not millions of them', async () => {
  const body = HEAD + TAIL.replace('--B--', '--B') + '\r\n--B\r\n\r\n'.repeat(1_000) + TAIL
  const headers = { 'content-type': 'multipart/form-data; boundary=B' }
  const request = new Request('http://test/', { method: 'POST', headers, body })
  const read = readUploadForm(request, LIMITS, async ({ file }) => {
    for await (const piece of file) expect(piece).toBeDefined()
  })
  await expect(read).rejects.toMatchObject({ code: 'invalid_request', message: 'body: too many parts' })
})

test('who refuses a file early takes no more of it', async () => {
  const { request, givenBytes } = longForm(400)
  const refusal = new Error('Not this one')
  const refused = readUploadForm(request, LIMITS, async ({ file }) => {
    file.destroy()
    throw refusal
  })
  await expect(refused).rejects.toBe(refusal)
  expect(givenBytes()).toBeLessThan(1024 * 1024)
})

test('a file that waits for its reader does not count as slow', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { request } = longForm(40)
  const read = readUploadForm(request, LIMITS, async ({ file }) => {
    // What fits in between has come, and nobody waits for the client.
    while (vi.getTimerCount() > 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(10 * LIMITS.idleTimeoutMs)
    let bytes = 0
    for await (const piece of file as AsyncIterable<Buffer>) bytes += piece.length
    return bytes
  })
  expect(await read).toBe(40 * PIECE.length)
})
