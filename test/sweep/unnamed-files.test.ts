import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { MARKS, markKey } from '../../src/sweep/marks.ts'
import { gateStore } from '../support/gated-store.ts'
import { putProfile } from '../support/library.ts'
import {
  countsOf,
  createClock,
  DAY_MS,
  fileKey,
  keysUnder,
  putAlbum,
  putText,
  sweepOnce,
  type TestClock,
} from './sweeping.ts'

const named = fileKey('42', 'named')
const orphan = fileKey('42', 'orphan')

let bucket: ObjectStore
let clock: TestClock

beforeEach(async () => {
  bucket = createMemoryObjectStore()
  clock = createClock()
  await putAlbum(bucket, '42', ['named'])
  await putText(bucket, named)
  await putText(bucket, orphan)
  clock.advance(2 * DAY_MS)
})

/** Two sweeps, the second long enough after the first. */
async function sweepTwice() {
  const first = await sweepOnce(bucket, clock)
  clock.advance(8 * DAY_MS)
  return [first, await sweepOnce(bucket, clock)] as const
}

describe('requirements: Files – orphaned files found and removed', () => {
  test('is marked, waits a week, and goes; what the record names stays', async () => {
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ newMarks: 1 })
    clock.advance(6 * DAY_MS)
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ waitingFiles: 1 })
    clock.advance(2 * DAY_MS)
    const report = await sweepOnce(bucket, clock)
    expect(countsOf(report)).toEqual({ unnamedFiles: 1 })
    expect(report.findings.unnamedFiles).toEqual({
      objects: 1,
      bytes: orphan.length,
      examples: [orphan],
    })
    expect(await bucket.head(orphan)).toBeUndefined()
    expect(await bucket.head(named)).toBeDefined()
    expect(await keysUnder(bucket, MARKS)).toEqual([])
  })

  test('is not marked in its first day: its record may be on its way', async () => {
    clock.advance(-2 * DAY_MS)
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({})
    expect(await keysUnder(bucket, MARKS)).toEqual([])
  })

  test('of a profile goes too, and the photo stays', async () => {
    const lost = 'profiles/ana/photo/p1/original-lost.jpg'
    await putProfile(bucket, 'ana', '#ff0000')
    await putText(bucket, lost)
    const [, second] = await sweepTwice()
    expect(second.findings.unnamedFiles.examples).toEqual([orphan, lost].toSorted(byMark))
    expect(await keysUnder(bucket, 'profiles/ana/photo/')).toHaveLength(1)
  })

  test('stays when Halftone did not write it', async () => {
    const foreign = fileKey('42', 'foreign')
    const store: ObjectStore = {
      ...bucket,
      head: async (key, options) => {
        const facts = await bucket.head(key, options)
        return facts && key === foreign ? { ...facts, metadata: {} } : facts
      },
    }
    await putText(bucket, foreign)
    expect(countsOf(await sweepOnce(store, clock))).toEqual({ newMarks: 1, foreignFiles: 1 })
    clock.advance(8 * DAY_MS)
    expect(countsOf(await sweepOnce(store, clock))).toEqual({ unnamedFiles: 1, foreignFiles: 1 })
    expect(await bucket.head(foreign)).toBeDefined()
  })

  test('stays when it is no file of the library', async () => {
    for (const name of ['original.jpg', 'large.jpg']) await putText(bucket, `items/42/photos/p1/${name}`)
    await sweepTwice()
    expect(await keysUnder(bucket, 'items/42/photos/p1/')).toHaveLength(2)
  })

  test('stays when the record names it in a way that this release does not know', async () => {
    const text = JSON.stringify({ itemId: '42', owner: 'o', access: 'public', photos: [], archive: [orphan] })
    await putText(bucket, 'items/42/album.json', text)
    const [first, second] = await sweepTwice()
    expect([countsOf(first), countsOf(second)]).toEqual([{ newMarks: 1 }, { unnamedFiles: 1 }])
    expect([await bucket.head(orphan), await bucket.head(named)]).toEqual([expect.anything(), undefined])
  })
})

const byMark = (one: string, other: string) => (markKey(one) < markKey(other) ? -1 : 1)

describe('a record that is', () => {
  test.each([
    ['missing', undefined],
    ['cut', '{"itemId":"42","photos":['],
    ['of another shape', '{"itemId":"42"}'],
    ["another item's", '{"itemId":"43","owner":"o","access":"public","photos":[]}'],
    ['empty', ''],
  ])('%s lets nothing be marked or removed', async (_, text) => {
    const damage = async () =>
      text === undefined
        ? bucket.delete(['items/42/album.json'])
        : putText(bucket, 'items/42/album.json', text)
    await damage()
    const report = await sweepOnce(bucket, clock)
    expect(await keysUnder(bucket, MARKS)).toEqual([])
    expect(report.findings.filesWithoutRecord.objects).toBe(text === undefined ? 2 : 0)
    const fault = 'items/42/album.json: the record cannot be understood; none of its files is swept'
    expect(report.faults).toEqual(text === undefined ? [] : [fault])
    // The same when the file was marked before.
    await putAlbum(bucket, '42', ['named'])
    await sweepOnce(bucket, clock)
    await damage()
    clock.advance(8 * DAY_MS)
    await sweepOnce(bucket, clock)
    expect(await keysUnder(bucket, 'items/42/photos/')).toEqual([named, orphan])
    expect(await keysUnder(bucket, MARKS)).toHaveLength(1)
  })
})

describe('a mark', () => {
  test('is lifted when the record names the file between mark and removal', async () => {
    await sweepOnce(bucket, clock)
    await putAlbum(bucket, '42', ['named', 'orphan'])
    clock.advance(8 * DAY_MS)
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ liftedMarks: 1 })
    expect(await bucket.head(orphan)).toBeDefined()
    // And begins anew when it is left again.
    await putAlbum(bucket, '42', ['named'])
    expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ newMarks: 1 })
  })

  test.each([
    ['changed', async () => putText(bucket, orphan, 'other bytes')],
    ['gone', async () => bucket.delete([orphan])],
  ])('is lifted when its file is %s', async (_, change) => {
    await sweepOnce(bucket, clock)
    await change()
    clock.advance(8 * DAY_MS)
    const before = await keysUnder(bucket, 'items/42/photos/')
    expect(countsOf(await sweepOnce(bucket, clock))).toMatchObject({ liftedMarks: 1 })
    expect(await keysUnder(bucket, 'items/42/photos/')).toEqual(before)
  })

  test.each(['no json', '{"key":"items/42/album.json","etag":"x","at":"2020-01-01T00:00:00Z"}'])(
    'that is damaged or of no file is a fault: %s',
    async (text) => {
      await putText(bucket, `${MARKS}x.json`, text)
      const report = await sweepOnce(bucket, clock)
      expect(report.faults).toEqual([`${MARKS}x.json: the mark cannot be understood`])
      expect(await bucket.head('items/42/album.json')).toBeDefined()
    },
  )

  test('under the name of another file removes nothing', async () => {
    const etag = await putText(bucket, orphan)
    const old = JSON.stringify({ key: orphan, etag, at: '2020-01-01T00:00:00.000Z' })
    await putText(bucket, markKey(named), old)
    clock.advance(8 * DAY_MS)
    expect((await sweepOnce(bucket, clock)).faultCount).toBe(1)
    expect(await bucket.head(orphan)).toBeDefined()
  })
})

describe('while a sweep removes a file', () => {
  const cases = [
    ['before its bytes are read', 'get', (key: string) => key === orphan, 'liftedMarks'],
    ['before the removal', 'delete', (key: string) => key === orphan, 'restoredFiles'],
  ] as const

  test.each(cases)('a record that names it %s keeps it', async (_, verb, matches, finding) => {
    await sweepOnce(bucket, clock)
    clock.advance(8 * DAY_MS)
    const original = await bucket.get(orphan)
    const gated = gateStore(bucket)
    const gate = gated.hold(verb, matches)
    const sweeping = sweepOnce(gated.store, clock)
    await gate.reached
    await putAlbum(bucket, '42', ['named', 'orphan'])
    gate.release()
    const report = await sweeping
    expect(countsOf(report)).toEqual({ [finding]: 1 })
    expect(report.faultCount).toBe(0)
    const now = await bucket.get(orphan)
    if (now.outcome !== 'found' || original.outcome !== 'found') throw new Error('The file is gone')
    expect({ ...now.object, lastModified: 0 }).toEqual({ ...original.object, lastModified: 0 })
  })

  test('a bucket that goes away after the removal gets the file back', async () => {
    await sweepOnce(bucket, clock)
    clock.advance(8 * DAY_MS)
    let isRemoved = false
    const store: ObjectStore = {
      ...bucket,
      get: async (key, options) => {
        if (isRemoved && key === 'items/42/album.json') throw new Error('away')
        return bucket.get(key, options)
      },
      delete: async (keys, options) => {
        isRemoved ||= keys.includes(orphan)
        return bucket.delete(keys, options)
      },
    }
    await expect(sweepOnce(store, clock)).rejects.toThrow('away')
    expect(isRemoved).toBe(true)
    expect(await bucket.head(orphan)).toBeDefined()
  })

  test('another version of it stays', async () => {
    await sweepOnce(bucket, clock)
    clock.advance(8 * DAY_MS)
    const gated = gateStore(bucket)
    const gate = gated.hold('delete', (key) => key === orphan)
    const sweeping = sweepOnce(gated.store, clock)
    await gate.reached
    await putText(bucket, orphan, 'newer')
    gate.release()
    await sweeping
    expect(await bucket.head(orphan)).toMatchObject({ bytes: 5 })
  })

  test('photos that are added meanwhile stay', async () => {
    await sweepOnce(bucket, clock)
    clock.advance(8 * DAY_MS)
    const gated = gateStore(bucket)
    const gate = gated.hold('get', (key) => key === 'items/42/album.json')
    const sweeping = sweepOnce(gated.store, clock)
    await gate.reached
    const added = fileKey('42', 'added')
    await putText(bucket, added)
    await putAlbum(bucket, '42', ['named', 'added'])
    gate.release()
    expect(countsOf(await sweeping)).toEqual({ unnamedFiles: 1 })
    expect(await keysUnder(bucket, 'items/42/photos/')).toEqual([added, named])
  })
})
