import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { currentEpoch } from '../../src/pixels/encoders.ts'
import { encode, photo, pngBomb, truncated } from '../support/pictures.ts'
import { failureOf } from './failure-of.ts'
import { startPool } from './pool.ts'
import { until } from './until.ts'

const SPEC = { fit: 'width', width: 100, format: 'webp' } as const
const SOURCE = await encode(photo(300, 200), 'jpg')
/** Takes a worker long enough to be met in mid-picture. */
const SLOW_SOURCE = await encode(photo(2000, 1500), 'jpg')
const SLOW = { fit: 'original', format: 'avif' } as const

describe('rendering', () => {
  it('answers with the bytes, what they are, and how long it took', async () => {
    const { pool } = startPool()
    const rendering = await pool.render(SOURCE, SPEC)
    expect(rendering).toMatchObject({ contentType: 'image/webp', width: 100, height: 67 })
    expect(await sharp(rendering.bytes).metadata()).toMatchObject({ format: 'webp', width: 100, height: 67 })
    for (const ms of Object.values(rendering.timings)) expect(ms).toBeGreaterThanOrEqual(0)
  })

  it('gives bytes that hold on to no more memory than they have', async () => {
    const { pool } = startPool()
    const { bytes } = await pool.render(SOURCE, SPEC)
    expect(bytes.buffer.byteLength).toBe(bytes.length)
  })

  it('gives the same bytes from every worker', async () => {
    const { pool } = startPool({ workers: 2 })
    const renderings = await Promise.all(Array.from({ length: 8 }, () => pool.render(SOURCE, SPEC)))
    const digests = renderings.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'))
    expect(new Set(digests).size).toBe(1)
  })

  it('keeps its workers between pictures that come one at a time', async () => {
    const { pool } = startPool({ workers: 2 })
    await pool.ready()
    const workers = () => pool.stats().workers.map(({ pid, state }) => `${pid} ${state}`)
    await until(() => workers().every((worker) => worker.endsWith(' idle')))
    const before = workers()
    for (let picture = 0; picture < 4; picture += 1) await pool.render(SOURCE, SPEC)
    expect(await pool.inspect(SOURCE)).toMatchObject({ width: 300 })
    expect(workers()).toEqual(before)
  })

  it('says what its workers are', async () => {
    const { pool } = startPool()
    expect(await pool.ready()).toMatchObject({ epoch: currentEpoch(), sharp: sharp.versions.sharp })
  })

  it('edits, and measures what it would edit', async () => {
    const { pool } = startPool()
    const edits = { rotate: 90, blur: 3, trim: { by: 'border', border: {} } } as const
    const size = { fit: 'pad', width: 90, height: 60, edits } as const
    const rendering = await pool.render(SOURCE, { ...size, format: 'jpg' })
    expect(rendering).toMatchObject({ contentType: 'image/jpeg', width: 90, height: 60 })
    const { width, height, facts, timings } = await pool.measure(SOURCE, size)
    expect({ width, height, facts }).toEqual({ width: 90, height: 60, facts: await pool.inspect(SOURCE) })
    for (const ms of Object.values(timings)) expect(ms).toBeGreaterThanOrEqual(0)
  })

  it('describes', async () => {
    const { pool } = startPool()
    const { facts, dominantColour, thumbHash, timings } = await pool.describe(SOURCE)
    expect(facts).toEqual(await pool.inspect(SOURCE))
    expect(dominantColour).toMatch(/^#[0-9a-f]{6}$/)
    expect(thumbHash.length).toBeGreaterThan(6)
    for (const ms of Object.values(timings)) expect(ms).toBeGreaterThanOrEqual(0)
  })

  it('inspects', async () => {
    const { pool } = startPool()
    expect(await pool.inspect(SOURCE)).toMatchObject({ format: 'jpeg', width: 300, height: 200 })
  })
})

describe('verdicts', () => {
  it.each([
    ['source_not_a_picture', Buffer.from('BM')],
    ['source_broken', truncated(SOURCE)],
    ['source_too_large', pngBomb(11_000, 11_000)],
  ] as const)('%s comes back as one, and the worker lives on', async (code, source) => {
    const { pool, events } = startPool()
    await expect(pool.render(source, SPEC)).rejects.toMatchObject({ name: 'GatewayError', code, status: 415 })
    await expect(pool.describe(source)).rejects.toMatchObject({ name: 'GatewayError', code, status: 415 })
    await expect(pool.inspect(SOURCE)).resolves.toBeDefined()
    expect(events.filter(({ type }) => type === 'replaced')).toEqual([])
  })

  it('on a bomb costs the worker neither time nor memory', async () => {
    const bomb = pngBomb(30_000, 30_000)
    const { pool } = startPool()
    await pool.inspect(SOURCE)
    const before = pool.stats().workers[0]?.rssBytes ?? 0
    await expect(pool.render(bomb, SPEC)).rejects.toMatchObject({ code: 'source_too_large' })
    const after = pool.stats().workers[0]?.rssBytes ?? Infinity
    // Decoded it would have 112 MB at one bit a pixel, and 900 MB as libvips holds it.
    expect(after - before).toBeLessThan(16_000_000)
  })

  it('is not what a fault of ours becomes', async () => {
    const { pool } = startPool()
    const spec = { fit: 'cover', width: 1.5, height: 10, format: 'png' } as const
    await expect(pool.render(SOURCE, spec)).rejects.toThrow('A render worker failed')
  })
})

describe('leaving', () => {
  it('before a worker has the picture drops it', async () => {
    const { pool } = startPool()
    const slow = pool.render(SLOW_SOURCE, SLOW)
    const atTheDoor = pool.render(SOURCE, SPEC)
    const leaver = new AbortController()
    const left = failureOf(pool.render(SOURCE, SPEC, { signal: leaver.signal }))
    expect(pool.stats().waiting).toBeGreaterThan(0)
    await until(() => pool.stats().waiting === 1)
    leaver.abort(new Error('gone home'))
    expect(await left).toMatchObject({ message: 'gone home' })
    expect(pool.stats().waiting).toBe(0)
    await expect(slow).resolves.toMatchObject({ width: 2000 })
    await expect(atTheDoor).resolves.toMatchObject({ width: 100 })
  })

  it('in mid-picture lets the worker finish for nobody and take the next', async () => {
    const { pool, events } = startPool()
    await pool.ready()
    const leaver = new AbortController()
    const left = failureOf(pool.render(SLOW_SOURCE, SLOW, { signal: leaver.signal }))
    await until(() => pool.stats().busy === 1)
    leaver.abort(new Error('gone home'))
    expect(await left).toMatchObject({ message: 'gone home' })
    expect(pool.stats().busy).toBe(1)
    await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
    expect(events.filter(({ type }) => type === 'replaced')).toEqual([])
  })

  it('before asking asks for nothing', async () => {
    const { pool } = startPool()
    await expect(
      pool.render(SOURCE, SPEC, { signal: AbortSignal.abort(new Error('never')) }),
    ).rejects.toThrow('never')
    expect(pool.stats().waiting).toBe(0)
  })
})

describe('closing', () => {
  it('finishes what was asked for, then ends every worker', async () => {
    const { pool } = startPool()
    const pids = await pool.ready().then(() => pool.stats().workers.map(({ pid }) => pid))
    const renderings = [1, 2, 3].map(() => pool.render(SOURCE, SPEC))
    await pool.close()
    expect((await Promise.all(renderings)).map(({ width }) => width)).toEqual([100, 100, 100])
    expect(pool.stats().workers).toEqual([])
    expect(pids).toHaveLength(1)
    for (const pid of pids) expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH')
    await expect(pool.render(SOURCE, SPEC)).rejects.toMatchObject({ code: 'draining' })
  })

  it('gives up what its grace does not suffice for', async () => {
    const { pool } = startPool()
    await pool.ready()
    const slow = failureOf(pool.render(SLOW_SOURCE, SLOW))
    const queued = failureOf(pool.render(SOURCE, SPEC))
    await until(() => pool.stats().busy === 1)
    await pool.close(0)
    expect(await slow).toMatchObject({ code: 'draining' })
    expect(await queued).toMatchObject({ code: 'draining' })
    expect(pool.stats().workers).toEqual([])
  })
})
