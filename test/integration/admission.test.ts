import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createTestGateway } from '../support/gateway.ts'
import { photo } from '../support/pictures.ts'
import type { Served } from '../support/program.ts'
import { openSite, type Site } from '../support/site.ts'

let site: Site
let gateway: Served

const SOURCES = ['a', 'b', 'c', 'd', 'e', 'f']
/** Sizes on the ladder that take a while. */
const WIDTHS = [640, 750, 800, 828, 960, 1080, 1200]
const HEIGHTS = [128, 160, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960, 1080, 1200]

beforeAll(async () => {
  site = await openSite({
    HALFTONE_WORKERS: '1',
    // On a busy machine pictures take long, and fewer would be let in.
    HALFTONE_QUEUE_WAIT_MS: '60000',
    HALFTONE_REQUEST_TIMEOUT_MS: '60000',
    HALFTONE_TRUSTED_HOPS: '1',
    HALFTONE_CLOUDFLARE_MOUNTS: '/cdn-cgi/image',
  })
  gateway = site.gateway
  const { data, ...raw } = photo(1600, 1200)
  const picture = await sharp(data, { raw }).jpeg().toBuffer()
  for (const name of SOURCES)
    await site.bucket.put(`photos/${name}.jpg`, picture, { contentType: 'image/jpeg' })
})
afterAll(async () => site.close())

interface Ask {
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

const ask = async (path: string, client: string, init: Ask = {}): Promise<Response> => {
  const headers = { ...init.headers, 'x-forwarded-for': client }
  const answer = await fetch(`${gateway.url}${path}`, { ...init, headers })
  await answer.arrayBuffer()
  return answer
}

/** The value of a metric, with its labels as they stand; 0 where there is none yet. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return Number(line?.slice(name.length) ?? 0)
}

interface Wish {
  readonly path: string
  readonly client: string
}

/** Asks for all of it at once, until the test has ended; how many were answered is counted. */
async function flood(wishes: readonly Wish[]): Promise<{ answered: number }> {
  const count = { answered: 0 }
  const end = new AbortController()
  const all = wishes.map(async ({ path, client }) => {
    const answer = await ask(path, client, { signal: end.signal }).catch(() => undefined)
    if (answer?.status === 200) count.answered += 1
  })
  onTestFinished(async () => {
    end.abort()
    await Promise.all(all)
    // What has begun is finished for nobody.
    await vi.waitFor(async () => expect(await metric('halftone_rendering')).toBe(0), 20_000)
  })
  await vi.waitFor(async () => expect(await metric('halftone_queue_length')).toBeGreaterThan(12), 10_000)
  return count
}

/** Of each name of sources so many sizes, in a format of their own for each test, so that none is stored. */
const sizesOf = (names: readonly string[], format: string, each: number): string[] =>
  names.flatMap((name) => WIDTHS.slice(0, each).map((width) => `/img/photos/${name}.jpg/${width}.${format}`))

describe('while somebody floods, another visitor is among the next:', () => {
  const cases: readonly [string, readonly Wish[], Wish][] = [
    [
      'one client',
      sizesOf(['a', 'b', 'c'], 'avif', 7).map((path) => ({ path, client: '192.0.2.1' })),
      { path: '/img/photos/d.jpg/320.avif', client: '192.0.2.2' },
    ],
    [
      'the addresses of one network of IPv6',
      sizesOf(['d', 'e', 'f'], 'avif', 7).map((path, nth) => ({ path, client: `2001:db8::${nth + 1}` })),
      { path: '/img/photos/a.jpg/320.avif', client: '2001:db8:0:1::1' },
    ],
    [
      'one source',
      [...WIDTHS.map((width) => `${width}.png`), ...HEIGHTS.map((height) => `x${height}.avif`)].map(
        (size, nth) => ({ path: `/img/photos/a.jpg/${size}`, client: `198.51.100.${nth + 1}` }),
      ),
      { path: '/img/photos/b.jpg/320.avif', client: '192.0.2.2' },
    ],
    [
      'one dialect',
      sizesOf(['a', 'b', 'c'], 'png', 7).map((path, nth) => ({ path, client: `198.51.100.${nth + 1}` })),
      { path: '/cdn-cgi/image/width=480,format=webp/photos/d.jpg', client: '192.0.2.2' },
    ],
  ]
  test.each(cases)('%s', async (_, wishes, wish) => {
    const count = await flood(wishes)
    const before = count.answered
    const answer = await ask(wish.path, wish.client)
    const meanwhile = count.answered - before
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-status')).toContain('fwd=miss')
    // Those in the worker and at its door, and what was rendered while the source was fetched.
    expect(meanwhile).toBeLessThan(7)
    expect(wishes.length - count.answered).toBeGreaterThan(7)
  })
})

describe('what nobody waits for', () => {
  const background = { headers: { priority: 'u=7' } }

  test('is refused while others wait, with the word when to come again, and made when they do not', async () => {
    const refused = 'halftone_refused_total{reason="background"}'
    const path = '/img/photos/f.jpg/480.png'
    await flood(sizesOf(['d', 'e', 'f'], 'png', 7).map((each) => ({ path: each, client: '192.0.2.1' })))
    const before = await metric(refused)
    const early = await ask(path, '192.0.2.2', background)
    expect(early.status).toBe(503)
    expect(early.headers.get('retry-after')).toBe('1')
    expect(early.headers.get('cache-control')).toBe('no-store')
    expect(await metric(refused)).toBe(before + 1)
    // Whoever waits for it is let in.
    expect((await ask(path, '192.0.2.2', { headers: { priority: 'u=6, i' } })).status).toBe(200)
  })

  test('is made when nobody else wants anything', async () => {
    await vi.waitFor(async () => expect(await metric('halftone_rendering')).toBe(0), 20_000)
    const answer = await ask('/img/photos/f.jpg/384.png', '192.0.2.2', background)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-status')).toContain('fwd=miss')
  })
})

test('two pictures that need more memory than there is are made one after the other', async () => {
  const store = createMemoryObjectStore()
  const { data, ...raw } = photo(2400, 1600)
  const picture = await sharp(data, { raw }).png({ compressionLevel: 1 }).toBuffer()
  for (const name of ['a', 'b']) await store.put(`photos/${name}.png`, picture, { contentType: 'image/png' })
  const inside = await createTestGateway({
    store,
    environment: { HALFTONE_WORKERS: '2', HALFTONE_RENDER_MEMORY_MB: '40' },
  })
  onTestFinished(async () => inside.close())
  const answers = ['a', 'b'].map(async (name) => inside.fetch(`/img/photos/${name}.png/1600.webp`))
  const alone = { used: 40 * 1024 * 1024, waiting: 1 }
  await vi.waitFor(() => expect(inside.working.stats).toEqual(alone), { timeout: 10_000, interval: 2 })
  expect(inside.pool.stats().busy).toBeLessThan(2)
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200])
  expect(inside.working.stats).toEqual({ used: 0, waiting: 0 })
})

test('one client that looks for more than the bucket can tell leaves room for what others look for', async () => {
  const store = createMemoryObjectStore()
  const { data, ...raw } = photo(64, 64)
  const picture = await sharp(data, { raw }).jpeg().toBuffer()
  await store.put('photos/a.jpg', picture, { contentType: 'image/jpeg' })
  let free: () => void = () => undefined
  const slow = new Promise<void>((resolve) => (free = resolve))
  const isSlow = { now: false }
  const inside = await createTestGateway({
    store: {
      ...store,
      get: async (key, options) => {
        if (isSlow.now) await slow
        return store.get(key, options)
      },
    },
    environment: {
      HALFTONE_LOOKUP_CONCURRENCY: '4',
      HALFTONE_LOOKUP_QUEUE_LENGTH: '16',
      HALFTONE_TRUSTED_HOPS: '1',
    },
  })
  onTestFinished(async () => inside.close())
  const look = async (path: string, client: string) =>
    inside.fetch(path, { headers: { 'x-forwarded-for': client } })
  expect((await look('/img/photos/a.jpg/32.webp', '192.0.2.2')).status).toBe(200)
  await inside.verbs()
  inside.variants.forgetAll()
  isSlow.now = true
  const flood = Array.from({ length: 40 }, async (_, nth) =>
    look(`/img/photos/none-${nth}.jpg/32.webp`, '192.0.2.1'),
  )
  const refused = await Promise.all(flood.slice(16))
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503))
  const stored = look('/img/photos/a.jpg/32.webp', '192.0.2.2')
  free()
  const answer = await stored
  expect([answer.status, answer.headers.get('cache-status')]).toEqual([200, 'memory; fwd=miss, bucket; hit'])
  const looked = (await Promise.all(flood)).map(({ status }) => status)
  expect(looked.filter((status) => status === 404)).toHaveLength(16)
})
