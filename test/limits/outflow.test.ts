import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { Outflow } from '../../src/limits/outflow.ts'

const PIECES = ['one ', 'two ', 'three']
const pieces = () => Readable.from(PIECES.map((text) => Buffer.from(text)))
const read = async (stream: ReadableStream) => new Response(stream).text()

test('every byte comes, in order', async () => {
  const outflow = new Outflow({ maxStreams: 1, idleTimeoutMs: 10_000 })
  expect(await read(await outflow.stream(async () => pieces()))).toBe('one two three')
})

test('a client that takes nothing loses its stream, and the bucket its reader', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const outflow = new Outflow({ maxStreams: 1, idleTimeoutMs: 1_000 })
    const body = pieces()
    const closed = once(body, 'close')
    const reader = (await outflow.stream(async () => body)).getReader()
    await reader.read()
    await vi.advanceTimersByTimeAsync(999)
    expect(body.destroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await closed
    await expect(reader.read()).rejects.toMatchObject({ code: 'client_gone' })
    expect(await read(await outflow.stream(async () => pieces()))).toBe('one two three')
  } finally {
    vi.useRealTimers()
  }
})

test('one file too many is refused, until another has been taken, given up, or could not be opened', async () => {
  const outflow = new Outflow({ maxStreams: 1, idleTimeoutMs: 10_000 })
  const first = await outflow.stream(async () => pieces())
  const open = vi.fn(async () => pieces())
  await expect(outflow.stream(open)).rejects.toMatchObject({ code: 'overloaded' })
  expect(open).not.toHaveBeenCalled()
  await read(first)
  const body = pieces()
  const closed = once(body, 'close')
  const second = await outflow.stream(async () => body)
  await second.cancel()
  await closed
  await expect(outflow.stream(async () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await read(await outflow.stream(open))).toBe('one two three')
})

test('a file that breaks off fails its reader', async () => {
  const outflow = new Outflow({ maxStreams: 1, idleTimeoutMs: 10_000 })
  const body = new Readable({ read: () => body.destroy(new Error('cut')) })
  await expect(read(await outflow.stream(async () => body))).rejects.toThrow('cut')
})
