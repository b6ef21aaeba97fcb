import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createKindOf } from '../../src/transform/size-policy.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { parseVariantName } from '../../src/urls/spec-segment.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'

/** How many sizes of one picture; the long form asks for fifty thousand. */
const SIZES = Number(process.env['SIZES'] ?? 150)
const TIMEOUT_MS = 60_000 + SIZES * 60
const MEMORY_BYTES = 1024 * 1024
const NEIGHBOURS = ['n0', 'n1', 'n2', 'n3', 'n4']
/** Writes under way at once, of each replica: so many may not have been seen by another. */
const UNDER_WAY = 8
const AT_ONCE = 10

let bucket: ObjectStore
const replicas: TestGateway[] = []

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  // Noise, so that bytes are many.
  const noise = await sharp(randomBytes(160 * 120 * 3), { raw: { width: 160, height: 120, channels: 3 } })
    .png()
    .toBuffer()
  for (const name of ['a', ...NEIGHBOURS]) {
    await bucket.put(`photos/${name}.png`, noise, { contentType: 'image/png' })
  }
})
afterEach(async () => {
  await Promise.all(replicas.splice(0).map(async (replica) => replica.close()))
})

async function start(environment: Record<string, string>): Promise<void> {
  for (let count = 0; count < 2; count += 1) {
    replicas.push(
      await createTestGateway({
        store: bucket,
        environment: {
          HALFTONE_MEMORY_MB: '1',
          HALFTONE_QUEUE_LENGTH: '1000',
          HALFTONE_LOOKUP_TTL_MS: '60000',
          ...environment,
        },
      }),
    )
  }
}

/** Has other pictures in the memory of all replicas, `work` done, and says from which layers they are answered then. */
async function besideNeighbours(work: () => Promise<void>): Promise<(string | null)[]> {
  const ask = async () =>
    Promise.all(
      replicas.flatMap((replica) =>
        NEIGHBOURS.map(async (name) => replica.fetch(`/img/photos/${name}.png/96.webp`)),
      ),
    )
  await ask()
  await work()
  return (await ask()).map(({ headers }) => headers.get('cache-status'))
}

/** Asks each replica for each target three times, and counts the answers by their status. */
async function askThrice(targets: readonly string[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (let at = 0; at < targets.length; at += AT_ONCE) {
    for (let turn = 0; turn < 3; turn += 1) {
      const asked = targets.slice(at, at + AT_ONCE)
      const answers = await Promise.all(
        replicas.flatMap((replica) => asked.map(async (target) => replica.fetch(target))),
      )
      for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
    }
    for (const replica of replicas) await replica.writeBack.drain()
  }
  return counts
}

const kindOf = createKindOf(parsePresets(''))

/** How many variants of the picture are stored, by their kind. */
async function stock() {
  const counts = { 'off-ladder': 0, varied: 0, plain: 0 }
  for await (const { key } of bucket.list('img/photos/a.png/')) {
    const spec = parseVariantName(key.slice(key.lastIndexOf('/') + 1))
    if (spec !== undefined) counts[kindOf(spec) ?? 'plain'] += 1
  }
  return counts
}

function expectLittleMemory(): void {
  for (const { variants } of replicas) expect(variants.stats.memoryBytes).toBeLessThanOrEqual(MEMORY_BYTES)
}

/** One of any number of sizes, as width and perhaps height: a side alone has only so many values. */
function sizeAt(index: number): { readonly width: number; readonly height?: number } {
  const width = 161 + (index % 10_000)
  return index < 10_000 ? { width } : { width, height: 4_000 + Math.floor(index / 10_000) }
}

function cloudflareTarget(index: number, format: string): string {
  const sides = Object.entries(sizeAt(index)).map(([name, side]) => `${name}=${side}`)
  return `/cdn-cgi/image/${sides.join(',')},format=${format}/photos/a.png`
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: Math.ceil(count) }, (_, index) => make(index))

/** In the long form what was seen is told. */
function tell(what: string, counts: unknown): void {
  if (SIZES <= 1_000) return
  const memory = replicas.map(({ variants }) => variants.stats)
  const rssMb = Math.round(process.memoryUsage().rss / 1024 / 1024)
  process.stdout.write(`${what}: ${JSON.stringify({ counts, memory, rssMb })}\n`)
}

const HIT = replicasOf('memory; hit')

function replicasOf(layer: string): string[] {
  return times(2 * NEIGHBOURS.length, () => layer)
}

describe(`${SIZES} sizes of one picture, each asked for three times of two replicas`, () => {
  test(
    'in a dialect that takes any size: a few are made, and other pictures stay in memory',
    async () => {
      await start({ HALFTONE_OFF_LADDER_PER_SOURCE: '20', HALFTONE_OFF_LADDER_STORED: '12' })
      const targets = times(SIZES, (index) => cloudflareTarget(index, 'webp'))
      let statuses: Record<number, number> = {}
      const neighbours = await besideNeighbours(async () => void (statuses = await askThrice(targets)))
      const stored = await stock()
      tell('sizes', { statuses, stored })
      expect(neighbours).toEqual(HIT)
      expect(Object.keys(statuses)).toEqual(['200', '429'])
      expect((statuses[200] ?? 0) + (statuses[429] ?? 0)).toBe(2 * 3 * targets.length)
      expect(stored['off-ladder']).toBeGreaterThanOrEqual(12)
      expect(stored['off-ladder']).toBeLessThanOrEqual(12 + UNDER_WAY)
      expectLittleMemory()
    },
    TIMEOUT_MS,
  )

  test(
    'where the operator allows any size: all are made, few are stored, and other pictures stay in memory',
    async () => {
      await start({ HALFTONE_SIZES: 'any', HALFTONE_OFF_LADDER_STORED: '12' })
      // All of them are rendered.
      const targets = times(Math.min(SIZES / 2, 5_000), (index) => `/img/photos/a.png/${161 + index}.webp`)
      let statuses: Record<number, number> = {}
      const neighbours = await besideNeighbours(async () => void (statuses = await askThrice(targets)))
      const stored = await stock()
      tell('any', { statuses, stored })
      expect(neighbours).toEqual(HIT)
      expect(statuses).toEqual({ 200: 2 * 3 * targets.length })
      expect(stored['off-ladder']).toBeGreaterThanOrEqual(12)
      expect(stored['off-ladder']).toBeLessThanOrEqual(12 + UNDER_WAY)
      expectLittleMemory()
    },
    TIMEOUT_MS,
  )

  test(
    'with edits that sites use everywhere, and measured: few are stored',
    async () => {
      await start({ HALFTONE_OFF_LADDER_STORED: '4', HALFTONE_VARIED_STORED: '12' })
      const qualities = times(20, (index) => 5 * (index + 1))
      const widths = [16, 32, 48, 64, 96, 128, 160, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960, 1080]
      const varied = widths.flatMap((width) =>
        qualities.map((quality) => `/img/photos/a.png/${width},quality=${quality}.webp`),
      )
      const measured = times(16, (index) => cloudflareTarget(index, 'json'))
      const statuses = await askThrice([...varied.slice(0, SIZES / 4), ...measured])
      const stored = await stock()
      tell('edits', { statuses, stored })
      expect(Object.keys(statuses)).toEqual(['200'])
      expect(stored.varied).toBeGreaterThanOrEqual(12)
      expect(stored.varied).toBeLessThanOrEqual(12 + UNDER_WAY)
      expect(stored['off-ladder']).toBeGreaterThanOrEqual(4)
      expect(stored['off-ladder']).toBeLessThanOrEqual(4 + UNDER_WAY)
      expectLittleMemory()
    },
    TIMEOUT_MS,
  )
})
