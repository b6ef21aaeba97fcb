import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, photo } from '../support/pictures.ts'
import { countsOf, createClock, DAY_MS, HOUR_MS, keysUnder, sweepOnce } from '../sweep/sweeping.ts'
import { ADMIN, dyingStore, openHosted } from './library.ts'

const pool = createTestPool()
const IMAGE = { meta: {}, isPrivate: false }
let file: { fileName: string; bytes: Buffer }

beforeAll(async () => {
  file = { fileName: 'a.jpg', bytes: await encode(photo(16, 12), 'jpg') }
})
afterAll(async () => pool.close(0))

describe('requirements: Files – what nobody finished is found and removed', () => {
  test('a draft goes a day after its time; an image stays', async () => {
    const store = createMemoryObjectStore()
    const clock = createClock()
    const { library, images } = openHosted(store, pool, () => clock.now())
    const { id } = await library.create(IMAGE, file, ADMIN)
    const hour = new Date(clock.now() + HOUR_MS)
    await library.beginUpload({ ...IMAGE, id: 'late' }, hour, ADMIN)
    clock.advance(23 * HOUR_MS)
    expect(countsOf(await sweepOnce(store, clock))).toEqual({})
    clock.advance(2 * HOUR_MS)
    expect(countsOf(await sweepOnce(store, clock, { deletes: false }))).toEqual({ expiredUploads: 1 })
    expect(countsOf(await sweepOnce(store, clock))).toEqual({ expiredUploads: 1 })
    expect(await keysUnder(store, 'system/hosted/cf-')).toEqual([])
    expect(await images.find(id)).toMatchObject({ id, draft: false })
    expect(countsOf(await sweepOnce(store, clock))).toEqual({})
  })

  test('a deletion that was cut short is finished', async () => {
    const store = createMemoryObjectStore()
    const clock = createClock()
    const { library, images, albums } = openHosted(store, pool, () => clock.now())
    const { id } = await library.create(IMAGE, file, ADMIN)
    // It is marked, and that is all.
    const dying = openHosted(dyingStore(store, 3, true), pool, () => clock.now())
    await expect(dying.library.remove(id)).rejects.toThrow('Dead')
    expect(await images.find(id)).toBeUndefined()
    expect(await albums.find(id)).toBeDefined()
    clock.advance(2 * DAY_MS)
    expect(countsOf(await sweepOnce(store, clock))).toMatchObject({ expiredUploads: 1 })
    expect(await keysUnder(store, 'items/')).toEqual([])
    expect(await keysUnder(store, 'system/hosted/')).toEqual([])
  })

  test('a record that cannot be understood is a fault, and stays', async () => {
    const store = createMemoryObjectStore()
    const clock = createClock()
    await store.put('system/hosted/x.json', Buffer.from('{'), { contentType: 'application/json' })
    clock.advance(2 * DAY_MS)
    const report = await sweepOnce(store, clock)
    expect(report.faults).toEqual([
      'system/hosted/x.json: The record system/hosted/x.json cannot be understood',
    ])
    expect(await keysUnder(store, 'system/hosted/')).toEqual(['system/hosted/x.json'])
  })
})
