import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import type { WorkerPool } from '../../src/render/worker-pool.ts'
import { encode, photo, pngBomb } from '../support/pictures.ts'
import { failureOf } from './failure-of.ts'
import { startPool } from './pool.ts'
import { until } from './until.ts'

const SPEC = { fit: 'width', width: 100, format: 'webp' } as const
const SOURCE = await encode(photo(300, 200), 'jpg')
/** Takes a worker long enough to be killed in mid-picture. */
const SLOW_SOURCE = await encode(photo(2000, 1500), 'jpg')
const SLOW = { fit: 'original', format: 'avif' } as const

/** The worker that is in mid-picture, waited for; another than `not`. */
function busyPid(pool: WorkerPool, not?: number): Promise<number> {
  return until(() => pool.stats().workers.find(({ state, pid }) => state === 'busy' && pid !== not)?.pid)
}

/** A stand-in for a worker, for what no real one can be brought to do. */
function workerFile(code: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'halftone-worker-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'worker.mjs')
  writeFileSync(file, code)
  return file
}

describe('a worker that dies in mid-picture', () => {
  it.each(['SIGKILL', 'SIGSEGV'] as const)(
    'by %s is replaced, and the picture tried once more',
    async (signal) => {
      const { pool, events } = startPool()
      await pool.ready()
      const rendering = pool.render(SLOW_SOURCE, SLOW)
      const pid = await busyPid(pool)
      process.kill(pid, signal)
      await expect(rendering).resolves.toMatchObject({ width: 2000, height: 1500 })
      await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
      expect(pool.stats().restarts).toEqual({ crashed: 1, overran: 0, outgrew: 0, recycled: 0 })
      expect(events).toContainEqual(
        expect.objectContaining({
          type: 'replaced',
          pid,
          reason: 'crashed',
          exit: expect.objectContaining({ signal }),
        }),
      )
    },
  )

  it('is not waited for when another is free', async () => {
    const { pool } = startPool({ workers: 2 })
    await until(() => pool.stats().workers.filter(({ state }) => state === 'idle').length === 2)
    const rendering = pool.render(SLOW_SOURCE, SLOW)
    const first = await busyPid(pool)
    const other = pool.stats().workers.find(({ pid }) => pid !== first)?.pid
    process.kill(first, 'SIGKILL')
    expect(await busyPid(pool, first)).toBe(other)
    await expect(rendering).resolves.toMatchObject({ width: 2000 })
  })

  it('and the next one too: the picture is to blame', async () => {
    const { pool } = startPool()
    await pool.ready()
    const rendering = failureOf(pool.render(SLOW_SOURCE, SLOW))
    const first = await busyPid(pool)
    process.kill(first, 'SIGKILL')
    process.kill(await busyPid(pool, first), 'SIGKILL')
    expect(await rendering).toMatchObject({
      code: 'source_crashed',
      message: expect.stringContaining('crashed'),
    })
    await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
    await until(() => pool.stats().restarts.crashed === 2)
  })

  it('is not tried for again when nobody waits any more', async () => {
    const { pool } = startPool()
    await pool.ready()
    const leaver = new AbortController()
    const left = failureOf(pool.render(SLOW_SOURCE, SLOW, { signal: leaver.signal }))
    const pid = await busyPid(pool)
    leaver.abort(new Error('gone home'))
    expect(await left).toMatchObject({ message: 'gone home' })
    process.kill(pid, 'SIGKILL')
    await until(() => pool.stats().restarts.crashed === 1)
    await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
    expect(pool.stats()).toMatchObject({ waiting: 0, busy: 0 })
  })
})

it('a worker that hangs is killed after its time, which is a verdict', async () => {
  const { pool } = startPool({ pictureTimeoutMs: 1_000 })
  await pool.ready()
  const pid = pool.stats().workers[0]?.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  await expect(pool.render(SOURCE, SPEC)).rejects.toMatchObject({ code: 'source_overran', status: 415 })
  await until(() => pool.stats().workers.some((worker) => worker.pid !== pid && worker.state === 'idle'))
  await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
  expect(pool.stats().restarts).toEqual({ crashed: 0, overran: 1, outgrew: 0, recycled: 0 })
})

it.runIf(process.platform === 'linux')(
  'a worker that bloats is killed in mid-picture, which is a verdict; the others do not notice',
  async () => {
    const { pool, events } = startPool({ workers: 2, workerLimitBytes: 200 * 1024 * 1024 })
    await until(() => pool.stats().workers.filter(({ state }) => state === 'idle').length === 2)
    const bloating = failureOf(pool.render(pngBomb(9_000, 9_000), SLOW))
    const small = await Promise.all(Array.from({ length: 4 }, async () => pool.render(SOURCE, SPEC)))
    expect(small.map(({ width }) => width)).toEqual([100, 100, 100, 100])
    expect(await bloating).toMatchObject({ code: 'source_too_large', status: 415 })
    await until(() => pool.stats().workers.filter(({ state }) => state === 'idle').length === 2)
    expect(pool.stats().restarts).toEqual({ crashed: 0, overran: 0, outgrew: 1, recycled: 0 })
    expect(events).toContainEqual(expect.objectContaining({ type: 'replaced', reason: 'outgrew' }))
  },
)

it('a picture at the door of a worker that dies or hangs goes to the next one, without blame', async () => {
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    const { pool } = startPool({ pictureTimeoutMs: 2_000 })
    await pool.ready()
    const first = pool.render(SLOW_SOURCE, SLOW).catch((error: unknown) => error)
    const second = pool.render(SOURCE, SPEC)
    process.kill(await busyPid(pool), signal)
    await expect(second).resolves.toMatchObject({ width: 100 })
    await first
  }
})

it('a picture does not wait at the door of a worker that has long been busy while another one starts', async () => {
  const { pool } = startPool({ workers: 2 })
  await until(() => pool.stats().workers.filter(({ state }) => state === 'idle').length === 2)
  const hanging = failureOf(pool.render(SLOW_SOURCE, SLOW))
  const begunAt = performance.now()
  const stopped = await busyPid(pool)
  process.kill(stopped, 'SIGSTOP')
  await until(() => performance.now() - begunAt > 600)
  const idle = pool.stats().workers.find(({ pid }) => pid !== stopped)?.pid ?? 0
  process.kill(idle, 'SIGKILL')
  await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
  expect(pool.stats().restarts).toMatchObject({ crashed: 1, overran: 0 })
  process.kill(stopped, 'SIGKILL')
  await pool.close(0)
  await hanging
})

it('an idle worker that is killed is replaced', async () => {
  const { pool } = startPool()
  await pool.ready()
  const pid = pool.stats().workers[0]?.pid ?? 0
  process.kill(pid, 'SIGKILL')
  await until(() => pool.stats().restarts.crashed === 1)
  await expect(pool.render(SOURCE, SPEC)).resolves.toMatchObject({ width: 100 })
  expect(pool.stats().workers[0]?.pid).not.toBe(pid)
})

it('a worker that has grown is replaced between two pictures, not in one', async () => {
  const { pool } = startPool({ maxWorkerRssBytes: 1 })
  const renderings = await Promise.all([pool.render(SOURCE, SPEC), pool.render(SOURCE, SPEC)])
  expect(renderings.map(({ width }) => width)).toEqual([100, 100])
  await until(() => pool.stats().restarts.recycled === 2)
  expect(pool.stats().restarts).toEqual({ crashed: 0, overran: 0, outgrew: 0, recycled: 2 })
})

describe('workers that cannot start', () => {
  it('say so, with their last words', async () => {
    const { pool, events } = startPool({
      workerFile: workerFile('console.error("no such codec"); process.exit(3)'),
    })
    await expect(pool.ready()).rejects.toThrow(/cannot start.*exit code 3\n.*no such codec/s)
    expect(events).toContainEqual(expect.objectContaining({ type: 'wrote', line: 'no such codec' }))
  })

  it('or never get ready are killed', async () => {
    const { pool } = startPool({ workerFile: workerFile('setInterval(() => {}, 1e6)'), startTimeoutMs: 200 })
    await expect(pool.ready()).rejects.toThrow('cannot start: the last one ended by SIGKILL')
  })

  it('leave what was asked for to the caller’s patience, and closing ends it', async () => {
    const { pool } = startPool({ workerFile: workerFile('process.exit(1)') })
    const asked = failureOf(pool.render(SOURCE, SPEC))
    await until(() => pool.stats().restarts.crashed >= 2)
    await pool.close()
    expect(await asked).toMatchObject({ code: 'draining' })
  })
})

describe('a worker that a picture has taken over', () => {
  const identity = { epoch: 'abc', sharp: '1', libvips: '1', formats: [] }
  const ready = `process.send(${JSON.stringify({ kind: 'ready', identity, rssBytes: 1 })})`

  it.each([
    ['nonsense', '"nonsense"'],
    [
      'a page for a picture',
      `{ kind: 'answer', rssBytes: 1, answer: { kind: 'rendered', picture: { bytes: Buffer.from('<script>'),
         contentType: 'text/html', width: 1, height: 1, decodeMs: 1, encodeMs: 1 } } }`,
    ],
  ])('and answers with %s is killed, and its answer not believed', async (_, answer) => {
    const { pool } = startPool({
      workerFile: workerFile(`${ready}; process.on('message', () => process.send(${answer}))`),
    })
    await expect(pool.render(SOURCE, SPEC)).rejects.toMatchObject({ code: 'source_crashed' })
    await until(() => pool.stats().restarts.crashed === 2)
  })

  const FACTS = {
    format: 'png',
    contentType: 'image/png',
    width: 1,
    height: 1,
    frames: 1,
    hasAlpha: true,
    orientation: 1,
  }
  const TOLD = { facts: FACTS, dominantColour: '#102030', decodeMs: 1, encodeMs: 1 }

  it.each([
    ['a word for a colour', { ...TOLD, dominantColour: 'red' }, 25, 'source_crashed'],
    ['more than a ThumbHash has', TOLD, 26, 'source_crashed'],
    ['what makes sense', TOLD, 25, undefined],
  ])('and describes with %s: %s', async (_, told, hashBytes, code) => {
    const answer = `{ kind: 'answer', rssBytes: 1, answer: { kind: 'described',
      description: { ...${JSON.stringify(told)}, thumbHash: new Uint8Array(${hashBytes}) } } }`
    const { pool } = startPool({
      workerFile: workerFile(`${ready}; process.on('message', () => process.send(${answer}))`),
    })
    const outcome = pool.describe(SOURCE).then(
      () => undefined,
      (error: unknown) => (error instanceof GatewayError ? error.code : error),
    )
    expect(await outcome).toBe(code)
  })
})
