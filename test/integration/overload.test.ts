import sharp from 'sharp'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { parseMetrics } from '../../bench/gateway/gateway-metrics.ts'
import { type Outcome, outcomeOf } from '../../bench/overload/outcome.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { photo } from '../support/pictures.ts'
import type { Served } from '../support/program.ts'
import { openSite, type Site } from '../support/site.ts'

/** Pictures that nobody has asked for: many times what one worker and its line can take at once. */
const SOURCES = 40
const WIDTHS = [640, 960] as const
const HOT = '/img/photos/0.jpg/320.webp'

interface Got {
  readonly path: string
  readonly outcome: Outcome
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

let site: Site
let store: S3ObjectStore
let gateway: Served

beforeAll(async () => {
  site = await openSite({ HALFTONE_WORKERS: '1', HALFTONE_QUEUE_LENGTH: '8' })
  gateway = site.gateway
  store = site.bucket
  const { data, width, height, channels } = photo(1200, 800)
  const picture = await sharp(data, { raw: { width, height, channels } }).jpeg().toBuffer()
  const keys = Array.from({ length: SOURCES }, (_, index) => `photos/${index}.jpg`)
  await Promise.all(keys.map(async (key) => store.put(key, picture, { contentType: 'image/jpeg' })))
})

afterAll(async () => site.close())

test('many times more than can be rendered: hits are served, misses are pictures or refusals, and nothing degraded is kept', async () => {
  const { headers } = await ask(HOT)
  const hot = headers.get('content-location') ?? ''
  const flood = { isOver: false }
  const hitting = askUntil(hot, () => flood.isOver)
  const paths = WIDTHS.flatMap((width) =>
    Array.from({ length: SOURCES }, (_, index) => `/img/photos/${index}.jpg/${width}.webp`),
  )
  const misses = await Promise.all(paths.map(ask))
  flood.isOver = true

  const hits = await hitting
  expect(hits.length).toBeGreaterThan(0)
  expect(new Set(hits.map(({ outcome }) => outcome))).toEqual(new Set(['picture']))
  expect(new Set(hits.map(({ headers }) => headers.get('cache-status')))).toEqual(new Set(['memory; hit']))
  const outcomes = new Set(misses.map(({ outcome }) => outcome))
  expect([...outcomes].filter((outcome) => !['picture', 'stand-in', 'refused'].includes(outcome))).toEqual([])
  expect(outcomes).toContain('picture')
  expect(outcomes).toContain('refused')

  // Whoever was refused gets its picture when it comes again, one after the other.
  const refused = misses.filter(({ outcome }) => outcome === 'refused').slice(0, 3)
  for (const { path } of refused) {
    const again = await vi.waitUntil(async () => picture(path), { timeout: 20_000, interval: 50 })
    expect(again.headers.get('content-type')).toBe('image/webp')
    misses.push(again)
  }
  await vi.waitFor(
    async () => expect(await backlog()).toEqual({ waiting: 0, rendering: 0, pending: 0 }),
    20_000,
  )

  const right = new Map(
    [...misses, ...hits.slice(0, 1)]
      .filter(({ outcome }) => outcome === 'picture')
      .map(({ path, headers, bytes }) => [(headers.get('content-location') ?? path).slice(1), bytes]),
  )
  const stored: string[] = []
  for await (const { key } of store.list('img/')) stored.push(key)
  // What is kept is what somebody has got as the picture that they asked for.
  expect(stored.toSorted()).toEqual([...right.keys()].toSorted())
  for (const key of stored) {
    const found = await store.get(key)
    const kept = found.outcome === 'found' ? found.object.body : undefined
    expect(kept?.equals(right.get(key) ?? Buffer.alloc(0)), key).toBe(true)
  }
}, 60_000)

async function ask(path: string): Promise<Got> {
  const answer = await fetch(`${gateway.url}${path}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  const { status, headers } = answer
  const fields = [...headers].map(([name, value]) => `${name}: ${value}`)
  const outcome = outcomeOf([`HTTP/1.1 ${status} -`, ...fields].join('\r\n'))
  return { path, outcome, status, headers, bytes }
}

/** The picture itself; `undefined` for what stands in for it, and for a refusal. */
async function picture(path: string): Promise<Got | undefined> {
  const got = await ask(path)
  return got.outcome === 'picture' ? got : undefined
}

async function askUntil(path: string, isOver: () => boolean): Promise<Got[]> {
  const all: Got[] = []
  do all.push(await ask(path))
  while (!isOver())
  return all
}

async function backlog() {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  const { waiting, rendering } = parseMetrics(text)
  const [, pending] = /^halftone_writes_pending (\d+)$/m.exec(text) ?? []
  return { waiting, rendering, pending: Number(pending) }
}
