import { beforeEach, describe, expect, test } from 'vitest'
import { appendToJournal, JOURNAL_KEY, parseJournal } from '../../src/sources/journal.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { formatReport } from '../../src/sweep/report.ts'
import { createMemoryMultiparts } from '../../src/transfers/memory-multiparts.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { sourceVersion } from '../../src/urls/version.ts'
import { gateStore } from '../support/gated-store.ts'
import { putItem } from '../support/library.ts'
import {
  countsOf,
  createClock,
  DAY_MS,
  EPOCH,
  fileKey,
  HOUR_MS,
  keysUnder,
  putAlbum,
  putText,
  readAlbum,
  sweepOnce,
  type TestClock,
} from './sweeping.ts'

let bucket: ObjectStore
let clock: TestClock

beforeEach(() => {
  bucket = createMemoryObjectStore()
  clock = createClock()
})

/** The version of the photo that an item's record names first. */
async function coverVersion(itemId: string): Promise<string> {
  const cover = (await readAlbum(bucket, itemId)).photos[0]
  if (cover === undefined) throw new Error('The item has no photo')
  return sourceVersion(cover.etag, cover.key)
}

describe('requirements: Files – expired files found and removed', () => {
  const key = 'temp/uploads/u1/cat.jpg'

  test('go after a day', async () => {
    await putText(bucket, key)
    clock.advance(23 * HOUR_MS)
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({})
    clock.advance(2 * HOUR_MS)
    await putText(bucket, 'temp/other')
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ expiredUploads: 1 })
    expect(await keysUnder(bucket, 'temp/')).toEqual(['temp/other'])
  })

  test.each(['head', 'delete'] as const)('that come once more before the %s stay', async (verb) => {
    await putText(bucket, key)
    clock.advance(2 * DAY_MS)
    const gated = gateStore(bucket)
    const gate = gated.hold(verb, (held) => held === key)
    const sweeping = sweepOnce(gated.store, clock)
    await gate.reached
    await putText(bucket, key, 'again')
    // As young as it is to the bucket.
    if (verb === 'head') clock.advance(-2 * DAY_MS)
    gate.release()
    await sweeping
    expect(await bucket.head(key)).toMatchObject({ bytes: 5 })
  })
})

test('answers to an Idempotency-Key go after a day', async () => {
  await putText(bucket, 'system/idempotency/u1/k1.json')
  clock.advance(23 * HOUR_MS)
  expect(countsOf(await sweepOnce(bucket, clock))).toEqual({})
  clock.advance(2 * HOUR_MS)
  expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ oldAnswers: 1 })
  expect(await keysUnder(bucket, 'system/idempotency/')).toEqual([])
})

describe('purges that were cut short', () => {
  const intent = 'system/purges/1.json'
  const variant = 'img/photos/cat.jpg/@abcdefghijklnow/800.webp'

  test('are carried out again after an hour: variants go, replicas are told', async () => {
    await putText(bucket, 'photos/cat.jpg')
    await putText(bucket, variant)
    await putText(bucket, intent, JSON.stringify({ id: '1', paths: ['photos/cat.jpg'], at: 'then' }))
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ deadVariants: 1 })
    expect(await bucket.head(intent)).toBeDefined()
    await putText(bucket, variant)
    await appendToJournal(bucket, ['earlier'])
    clock.advance(2 * HOUR_MS)
    const report = await sweepOnce(bucket, clock)
    expect(countsOf(report)).toEqual({ leftOverIntents: 1 })
    expect(await keysUnder(bucket, 'system/purges/')).toEqual([])
    expect(await bucket.head(variant)).toBeUndefined()
    const journal = await bucket.get(JOURNAL_KEY)
    if (journal.outcome !== 'found') throw new Error('There is no journal')
    expect(parseJournal(journal.object).map(({ paths }) => paths)).toEqual([['earlier'], ['photos/cat.jpg']])
  })

  test.each(['', '{"paths":[""]}', '{"paths":"items/42"}'])('that say nothing stay: %j', async (text) => {
    await putText(bucket, intent, text)
    clock.advance(2 * HOUR_MS)
    const report = await sweepOnce(bucket, clock)
    expect(report.faults).toEqual([`${intent}: the purge cannot be understood`])
    expect(await bucket.head(intent)).toBeDefined()
  })
})

describe('variants', () => {
  test.each([['items/'], ['*']])(
    'of sources on other servers stay until they are too old, with sources at %s',
    async (prefix) => {
      const key = `img/remote/${'0a'.repeat(32)}/@abcdefghijkl${EPOCH}/800.webp`
      await putText(bucket, key)
      const options = { sources: [prefix], remoteKeepMs: 3 * DAY_MS }
      clock.advance(2 * DAY_MS)
      expect(countsOf(await sweepOnce(bucket, clock, options))).toEqual({})
      expect(await keysUnder(bucket, 'img/')).toEqual([key])
      clock.advance(2 * DAY_MS)
      expect(countsOf(await sweepOnce(bucket, clock, options))).toEqual({ deadVariants: 1 })
      expect(await keysUnder(bucket, 'img/')).toEqual([])
    },
  )

  test('of the current version stay; of others, of sources that are gone, and of the other tree go', async () => {
    await putItem(bucket, '42', ['#ff0000'])
    const etag = await putText(bucket, 'photos/cat.jpg')
    const current = await coverVersion('42')
    const alive = [
      `img/items/42/photos/p1/@${current}${EPOCH}/800.webp`,
      `img/items/42/photos/p1/@${current}${EPOCH}/info.json`,
      `img/photos/cat.jpg/@${sourceVersion(etag, 'photos/cat.jpg')}${EPOCH}/800.webp`,
    ]
    const dead = [
      `img/items/42/photos/p1/@abcdefghijkl${EPOCH}/800.webp`,
      `img/items/42/photos/p9/@${current}${EPOCH}/800.webp`,
      `img/items/43/photos/p1/@${current}${EPOCH}/800.webp`,
      `img/photos/dog.jpg/@${current}${EPOCH}/800.webp`,
      `private/items/42/photos/p1/@${current}${EPOCH}/800.webp`,
    ]
    for (const key of [...alive, ...dead]) await putText(bucket, key)
    const report = await sweepOnce(bucket, clock)
    expect(countsOf(report)).toEqual({ deadVariants: dead.length })
    expect([...(await keysUnder(bucket, 'img/')), ...(await keysUnder(bucket, 'private/'))]).toEqual(alive)
  })

  test('of a picture that is not public any more go, and those of its own tree stay', async () => {
    await putItem(bucket, '42', ['#ff0000'])
    const record = { ...(await readAlbum(bucket, '42')), access: 'private' }
    await putText(bucket, 'items/42/album.json', JSON.stringify(record))
    const name = `items/42/photos/p1/@${await coverVersion('42')}${EPOCH}/800.webp`
    for (const tree of ['img', 'private']) await putText(bucket, `${tree}/${name}`)
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ deadVariants: 1 })
    expect(await bucket.head(`private/${name}`)).toBeDefined()
  })

  test('of another epoch go after thirty days', async () => {
    await putItem(bucket, '42', ['#ff0000'])
    const current = await coverVersion('42')
    for (const epoch of [EPOCH, 'old']) {
      await putText(bucket, `img/items/42/photos/p1/@${current}${epoch}/800.webp`)
    }
    clock.advance(29 * DAY_MS)
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({})
    clock.advance(2 * DAY_MS)
    expect((await sweepOnce(bucket, clock)).findings.deadVariants.examples).toEqual([
      `img/items/42/photos/p1/@${current}old/800.webp`,
    ])
  })

  test('stay where nothing can be said about their source', async () => {
    await putText(bucket, 'items/42/album.json', '{')
    const long = `photos/${'a'.repeat(956)}~${'h'.repeat(22)}`
    const keys = [
      'img/elsewhere/cat.jpg/@abcdefghijklnow/800.webp',
      'img/items/42/photos/p1/@abcdefghijklnow/800.webp',
      `img/${long}/@abcdefghijklnow/8.jpg`,
      'img/readme.txt',
    ]
    for (const key of keys) await putText(bucket, key)
    const report = await sweepOnce(bucket, clock)
    expect(countsOf(report)).toEqual({ unknownVariants: 3 })
    expect(report.faults).toEqual([expect.stringContaining('items/42/photos/p1: The record')])
    expect(await keysUnder(bucket, 'img/')).toHaveLength(keys.length)
  })

  test('are looked up once a source, eight at once', async () => {
    let underWay = 0
    let most = 0
    const asked: string[] = []
    const store: ObjectStore = {
      ...bucket,
      head: async (key, options) => {
        asked.push(key)
        underWay += 1
        most = Math.max(most, underWay)
        await new Promise(setImmediate)
        underWay -= 1
        return bucket.head(key, options)
      },
    }
    for (let index = 10; index < 50; index += 1) {
      for (const width of [300, 800]) {
        await putText(bucket, `img/photos/${index}.jpg/@abcdefghijklnow/${width}.webp`)
      }
    }
    expect(countsOf(await sweepOnce(store, clock))).toEqual({ deadVariants: 80 })
    expect(asked).toHaveLength(40)
    expect(most).toBe(8)
  })
})

/** A bucket with one of everything that can be swept. */
async function clutter() {
  await putAlbum(bucket, '42', [])
  for (const fileId of ['a', 'b', 'c']) await putText(bucket, fileKey('42', fileId))
  await putText(bucket, 'temp/uploads/u1/cat.jpg')
  await putText(bucket, 'system/purges/1.json', '{"paths":["items/42"]}')
  for (const name of ['a', 'b', 'c', 'd'])
    await putText(bucket, `img/photos/${name}.jpg/@abcdefghijklnow/8.jpg`)
  clock.advance(2 * DAY_MS)
}

describe('a dry run', () => {
  test('says what a sweep would do, and writes its report alone', async () => {
    await clutter()
    const before = await keysUnder(bucket, '')
    const dry = await sweepOnce(bucket, clock, { deletes: false })
    const after = await keysUnder(bucket, '')
    const written = after.filter((key) => !before.includes(key))
    expect(written).toEqual([expect.stringMatching(/^system\/sweep\/reports\//)])
    expect(before.filter((key) => !after.includes(key))).toEqual([])
    const wet = await sweepOnce(bucket, clock)
    expect(countsOf(dry)).toEqual({ newMarks: 3, expiredUploads: 1, leftOverIntents: 1, deadVariants: 4 })
    expect(countsOf(wet)).toEqual(countsOf(dry))
    expect(countsOf(await sweepOnce(bucket, clock, { deletes: false }))).toEqual({ waitingFiles: 3 })
    clock.advance(8 * DAY_MS)
    const due = await sweepOnce(bucket, clock, { deletes: false })
    expect(countsOf(due)).toEqual({ unnamedFiles: 3 })
    expect(formatReport(due)).toContain('a sweep with --delete would free 102 bytes')
    expect(await keysUnder(bucket, 'items/42/photos/')).toHaveLength(3)
  })
})

describe('the report', () => {
  test('is stored as it is returned, and reads well', async () => {
    await clutter()
    await putText(bucket, 'items/43/album.json', 'damaged')
    await putText(bucket, fileKey('43', 'x'))
    const report = await sweepOnce(bucket, clock)
    const [key = ''] = await keysUnder(bucket, 'system/sweep/reports/')
    const stored = await bucket.get(key)
    expect(stored.outcome === 'found' && JSON.parse(stored.object.body.toString())).toEqual(report)
    const text = formatReport(report)
    expect(text).toMatch(
      /^ {5}1 uploads that were never completed \(23 bytes\)\n {7}temp\/uploads\/u1\/cat\.jpg$/m,
    )
    expect(text).toMatch(/^ FAULT items\/43\/album\.json: the record cannot be understood/m)
    expect(text).toMatch(/objects examined, freed 1\d\d bytes, 1 faults\n$/)
  })

  test('shows five examples and counts the rest', async () => {
    for (let index = 0; index < 7; index += 1)
      await putText(bucket, `temp/uploads/${index}/a`, 'x'.repeat(1024))
    clock.advance(2 * DAY_MS)
    const report = await sweepOnce(bucket, clock)
    expect(report.findings.expiredUploads).toMatchObject({ objects: 7, bytes: 7168 })
    expect(report.findings.expiredUploads.examples).toHaveLength(5)
    expect(formatReport(report)).toMatch(/7 uploads .*\(7\.0 KB\)[^]*… and 2 more/)
  })
})

describe('a sweep that is cut short', () => {
  test('is gone on with where it stopped, with what it had counted', async () => {
    await clutter()
    let left = 2
    const failing: ObjectStore = {
      ...bucket,
      delete: async (keys, options) => {
        if (keys[0]?.startsWith('img/photos/')) left -= 1
        if (left < 0) throw new Error('the program ended')
        return bucket.delete(keys, options)
      },
    }
    await expect(sweepOnce(failing, clock, { batchSize: 1 })).rejects.toThrow('the program ended')
    const listed: string[] = []
    const watched: ObjectStore = {
      ...bucket,
      list: (prefix, options) => (
        listed.push(`${prefix} after ${options?.after}`), bucket.list(prefix, options)
      ),
    }
    const report = await sweepOnce(watched, clock, { batchSize: 1 })
    expect(listed).toEqual(['img/ after img/photos/b.jpg/@abcdefghijklnow/8.jpg', 'private/ after undefined'])
    expect(report.resumed).toBe(true)
    expect(countsOf(report)).toEqual({ newMarks: 3, expiredUploads: 1, leftOverIntents: 1, deadVariants: 4 })
    expect(await keysUnder(bucket, 'img/')).toEqual([])
    expect((await sweepOnce(bucket, clock)).resumed).toBe(false)
  })

  test.each(['{', '{"startedAt":"2020-01-01T00:00:00Z","prefix":"img/","tally":{}}'])(
    'begins anew where its progress cannot be understood: %s',
    async (text) => {
      await clutter()
      await putText(bucket, 'system/sweep/progress.json', text)
      const report = await sweepOnce(bucket, clock)
      expect(report.resumed).toBe(false)
      expect(countsOf(report).newMarks).toBe(3)
    },
  )

  test('begins anew after a day', async () => {
    await clutter()
    const away = gateStore(bucket)
    const gate = away.hold('get', (key) => key === 'items/42/album.json')
    const sweeping = sweepOnce(away.store, clock)
    await gate.reached
    away.setAway(true)
    gate.release()
    await expect(sweeping).rejects.toThrow('does not answer')
    expect(await bucket.head('system/sweep/progress.json')).toBeDefined()
    clock.advance(2 * DAY_MS)
    expect((await sweepOnce(bucket, clock)).resumed).toBe(false)
  })
})

describe('replicas', () => {
  test('do not sweep at once', async () => {
    await clutter()
    const gated = gateStore(bucket)
    const gate = gated.hold('delete', (key) => key.startsWith('temp/'))
    const first = sweepOnce(gated.store, clock)
    await gate.reached
    const other = createClock()
    const second = await sweep({
      store: bucket,
      multiparts: createMemoryMultiparts(bucket),
      clock: {
        ...other,
        pause: async () => {
          await putText(bucket, 'system/sweep/lease.json', 'renewed')
        },
      },
      sources: ['items/'],
      epoch: EPOCH,
      deletes: true,
    })
    expect(second).toBe('busy')
    gate.release()
    // Its lease was written over: it notices, and stops before its next step.
    clock.advance(HOUR_MS)
    expect((await first).outcome).toBe('lost')
    expect(await keysUnder(bucket, 'img/')).toHaveLength(4)
  })

  test('one that was thought gone stops when it comes back, and the other ends the work', async () => {
    await clutter()
    const gated = gateStore(bucket)
    const gate = gated.hold('head', (key) => key.startsWith('temp/'))
    const slow = sweepOnce(gated.store, clock)
    await gate.reached
    clock.advance(HOUR_MS)
    const fresh = createClock()
    fresh.advance(2 * DAY_MS)
    expect((await sweepOnce(bucket, fresh)).outcome).toBe('finished')
    gate.release()
    expect((await slow).outcome).toBe('lost')
    expect(formatReport(await slow)).toContain('Another replica took over')
    expect(await keysUnder(bucket, 'temp/')).toEqual([])
  })
})

describe('while somebody waits for a picture', () => {
  const LEASE = 'system/sweep/lease.json'

  test('it rests before it goes on', async () => {
    await putText(bucket, 'temp/uploads/u1/cat.jpg')
    clock.advance(2 * DAY_MS)
    const before = clock.elapsedMs()
    let asked = 0
    const report = await sweepOnce(bucket, clock, { isBusy: () => (asked += 1) <= 5 })
    expect(clock.elapsedMs() - before).toBe(5_000)
    expect(report.outcome).toBe('finished')
    expect(await keysUnder(bucket, 'temp/')).toEqual([])
  })

  test('for ever, it comes to its end all the same, and keeps its lease meanwhile', async () => {
    await putText(bucket, 'temp/uploads/u1/cat.jpg')
    clock.advance(2 * DAY_MS)
    const renewals: string[] = []
    const store: ObjectStore = {
      ...bucket,
      put: async (key, bytes, options) => {
        if (key === LEASE) renewals.push(bytes.toString())
        return bucket.put(key, bytes, options)
      },
    }
    const report = await sweepOnce(store, clock, { isBusy: () => true })
    expect(report.outcome).toBe('finished')
    expect(await keysUnder(bucket, 'temp/')).toEqual([])
    // Acquired, renewed at each third of its minute, released.
    expect(renewals.length).toBeGreaterThanOrEqual(4)
  })
})
