import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NewPhoto } from '../../src/library/library.ts'
import type { AlbumRecord } from '../../src/media/records.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import type { Tally } from '../../src/sweep/report.ts'
import { finishLeftOvers } from '../../src/sweep/intents.ts'
import { createOutboxTwin, eventsIn } from '../support/outbox-twin.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { createClock, DAY_MS, EPOCH, HOUR_MS, sweepOnce } from '../sweep/sweeping.ts'
import type { Change, Order } from './changing-process.ts'
import { by, journalPaths, keysUnder, openLibrary, putPhoto, putText, SHOP } from './library.ts'

const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }

let origin: RunningOrigin
let store: S3ObjectStore
/** What the library said of each change right after the process was killed. */
const deaths: Death[] = []
/** What came of it when somebody had finished what was cut short. */
let leftOvers: Tally
let events: Awaited<ReturnType<typeof eventsIn>>
let told: readonly string[]

interface Death {
  readonly change: Change
  readonly dieAt: number
  readonly album: AlbumRecord | undefined
  /** Files that the album names and that are not there. */
  readonly missing: readonly string[]
}

const LONGEST_CHANGE = 40

beforeAll(async () => {
  origin = await startOrigin()
  store = openOrigin(origin)
  let ended = false
  for (let dieAt = 1; !ended; dieAt += 1) {
    if (dieAt > LONGEST_CHANGE) throw new Error('The changes do not end')
    const changes = await Promise.all(
      CASES.map(async ({ verb }) => {
        const itemId = `${verb}-${dieAt}`
        return { verb, itemId, photo: await putItem(itemId, verb) }
      }),
    )
    ended = await runUntil({ changes, dieAt, origin: { ...origin } })
    const looks = changes.map(async (change) => ({ change, dieAt, ...(await look(change.itemId)) }))
    deaths.push(...(await Promise.all(looks)))
  }
  const clock = createClock()
  clock.advance(HOUR_MS)
  leftOvers = await finishLeftOvers({ store, outbox: createOutboxTwin(store), clock })
  events = await eventsIn(store)
  told = await journalPaths(store)
}, 180_000)

afterAll(async () => {
  store.close()
  await origin.stop()
})

async function look(itemId: string): Promise<Pick<Death, 'album' | 'missing'>> {
  const album = await openLibrary(store).albums.find(itemId)
  const missing: string[] = []
  for (const { key, etag } of album?.photos ?? [])
    if ((await store.head(key))?.etag !== etag) missing.push(key)
  return { album, missing }
}

/** An item with the photos `a` and `b`, variants of both, and a file that is about to be named. */
async function putItem(itemId: string, verb: Change['verb']): Promise<NewPhoto> {
  const { albums } = openLibrary(store)
  const root = `items/${itemId}/photos`
  const names = verb === 'create' ? [] : ['a', 'b']
  for (const photoId of names) {
    await albums.add(itemId, await putPhoto(store, photoId, { root }), { ...by, ifAbsent: SHOP })
    await putText(store, `img/${root}/${photoId}/@abcdefghijkl${EPOCH}/800.webp`)
  }
  return putPhoto(store, verb === 'replace' ? 'a' : 'c', { root })
}

/** Makes changes in a process that is killed before their n-th calls; true when all of them were made. */
async function runUntil(order: Order): Promise<boolean> {
  const args = ['--import', 'tsx', 'test/library/changing-process.ts', JSON.stringify(order)]
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...QUIET },
    stdio: 'inherit',
  })
  const [code, signal] = await once(child, 'exit')
  if (signal !== 'SIGKILL') expect(code).toBe(0)
  return signal !== 'SIGKILL'
}

interface Case {
  readonly verb: Change['verb']
  /** Whether the record is as it was before the change, or as it is after it; `undefined` where there is none. */
  readonly isBefore: (album: AlbumRecord | undefined) => boolean
  readonly isAfter: (album: AlbumRecord | undefined, photo: NewPhoto) => boolean
  /** What replicas are told, below `items/{id}`. */
  readonly told: string
  /** Slots of which no variant is left. */
  readonly forgotten: readonly string[]
  readonly event?: string
}

const idsOf = (album: AlbumRecord | undefined) => album?.photos.map(({ photoId }) => photoId).join('')
const isAb = (album: AlbumRecord | undefined) => idsOf(album) === 'ab' && album?.access === 'public'

const CASES: readonly Case[] = [
  {
    verb: 'create',
    isBefore: (album) => album === undefined,
    isAfter: (album) => idsOf(album) === 'c',
    told: '/photos/c',
    forgotten: [],
    event: 'media.created',
  },
  {
    verb: 'add',
    isBefore: isAb,
    isAfter: (album) => idsOf(album) === 'cab',
    told: '/photos/c',
    forgotten: [],
    event: 'media.created',
  },
  {
    verb: 'replace',
    isBefore: (album) => isAb(album) && album?.revision === 2,
    isAfter: (album, { key }) => isAb(album) && album?.photos[0]?.key === key,
    told: '/photos/a',
    forgotten: ['a'],
    event: 'media.replaced',
  },
  {
    verb: 'reorder',
    isBefore: isAb,
    isAfter: (album) => idsOf(album) === 'ba',
    told: '/photos/a',
    forgotten: [],
    event: 'media.reordered',
  },
  {
    verb: 'hide',
    isBefore: isAb,
    isAfter: (album) => idsOf(album) === 'ab' && album?.access === 'private',
    told: '',
    forgotten: ['a', 'b'],
  },
  {
    verb: 'remove',
    isBefore: isAb,
    isAfter: (album) => idsOf(album) === 'b',
    told: '/photos/a',
    forgotten: ['a'],
    event: 'media.deleted',
  },
  {
    verb: 'delete',
    isBefore: isAb,
    isAfter: (album) => album === undefined,
    told: '',
    forgotten: ['a', 'b'],
    event: 'media.deleted',
  },
]

describe('requirements: Flows – a change that is killed at any step is wholly there or not at all', () => {
  test.each(CASES)('$verb', async (kase) => {
    const own = deaths.filter(({ change }) => change.verb === kase.verb)
    const seen = { before: 0, after: 0 }
    for (const { change, dieAt, album, missing } of own) {
      const isAfter = kase.isAfter(album, change.photo)
      expect([kase.isBefore(album), isAfter], `killed before call ${dieAt}`).toEqual([!isAfter, isAfter])
      expect(missing).toEqual([])
      seen[isAfter ? 'after' : 'before'] += 1
      await checkEnd(change.itemId, kase, isAfter)
    }
    // Wherever it was killed: on both sides of the commit.
    expect(Math.min(seen.before, seen.after)).toBeGreaterThan(2)
  })

  test('what was cut short is finished', async () => {
    expect(leftOvers.faults).toEqual([])
    expect(leftOvers.findings.leftOverIntents.objects).toBeGreaterThan(CASES.length)
    expect(await keysUnder(store, 'system/purges/')).toEqual([])
  })

  test('the rest is the sweep’s: afterwards there is nothing that no record names', async () => {
    const clock = createClock()
    for (const days of [2, 8, 8]) {
      clock.advance(days * DAY_MS)
      expect((await sweepOnce(store, clock)).faults).toEqual([])
    }
    const files = await keysUnder(store, 'items/')
    const { albums } = openLibrary(store)
    // An item that was never made has no record, and what has no record is left.
    const isOfNone = (key: string) =>
      deaths.some(
        ({ change: { verb, photo }, album }) => verb === 'create' && photo.key === key && album === undefined,
      )
    const named: string[] = []
    for (const itemId of new Set(files.map((key) => key.split('/')[1] ?? ''))) {
      const album = await albums.find(itemId)
      if (album) named.push(`items/${itemId}/album.json`, ...album.photos.map(({ key }) => key))
    }
    expect(files.filter((key) => !named.includes(key) && !isOfNone(key))).toEqual([])
    expect(named.length).toBeGreaterThan(CASES.length * 10)
  })
})

/** What was cut short has been finished: the purge has happened, and the event. */
async function checkEnd(itemId: string, kase: Case, isAfter: boolean): Promise<void> {
  const last = events.filter(
    ({ event, state }) =>
      event.object === `items/${itemId}` && event.type === kase.event && state === 'confirmed',
  )
  const earlier = kase.verb === 'add' ? 2 : 0
  expect(last).toHaveLength(earlier + (isAfter && kase.event !== undefined ? 1 : 0))
  if (!isAfter) return
  expect(told).toContain(`items/${itemId}${kase.told}`)
  for (const slot of kase.forgotten)
    expect(await keysUnder(store, `img/items/${itemId}/photos/${slot}/`)).toEqual([])
}
