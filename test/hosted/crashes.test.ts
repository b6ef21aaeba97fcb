import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { keysUnder } from '../library/library.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, photo } from '../support/pictures.ts'
import { ADMIN, dyingStore, openHosted } from './library.ts'

const pool = createTestPool()
const LATER_MS = 180_000
const IMAGE = { meta: {}, isPrivate: false }
let file: { fileName: string; bytes: Buffer }

beforeAll(async () => {
  file = { fileName: 'a.jpg', bytes: await encode(photo(16, 12), 'jpg') }
})
afterAll(async () => pool.close(0))

const open = (store: ObjectStore, now?: () => number) => openHosted(store, pool, now)
const later = () => Date.now() + LATER_MS

interface Case {
  readonly prepare: (store: ObjectStore) => Promise<unknown>
  readonly act: (store: ObjectStore, prepared: unknown) => Promise<unknown>
  /** What is wrong afterwards, in words. */
  readonly faults: (store: ObjectStore, outcome: { isDone: boolean; prepared: unknown }) => Promise<string[]>
}

/** Does a thing as often as it has calls, dying at another one each time; all that was wrong afterwards. */
async function dieEverywhere({ prepare, act, faults }: Case) {
  const found: string[] = []
  for (let calls = 1; ; calls += 1) {
    let isDone = false
    for (const isLastMade of [false, true]) {
      const store = createMemoryObjectStore()
      const prepared = await prepare(store)
      isDone = await act(dyingStore(store, calls, isLastMade), prepared).then(
        () => true,
        () => false,
      )
      const wrong = await faults(store, { isDone, prepared })
      found.push(...wrong.map((fault) => `call ${calls}, made: ${isLastMade}: ${fault}`))
    }
    if (isDone) return { calls, found }
  }
}

/** What an image lacks to be whole, for everybody who sees it. */
async function lacksOf(store: ObjectStore, id: string): Promise<string[]> {
  const { images, albums, listing } = open(store, later)
  const image = await images.find(id)
  if (image === undefined || image.draft || image.filename !== 'a.jpg') return ['it is not there']
  const album = await albums.find(image.itemId)
  const [photo, ...others] = album?.photos ?? []
  const lies = (await store.head(photo?.key ?? 'none'))?.etag === photo?.etag
  const { images: listed } = await listing.page({ order: 'desc', limit: 9 })
  const isListed = listed.map((each) => each.id).join() === id && (await listing.count()) === 1
  return [
    ...(photo !== undefined && others.length === 0 && lies ? [] : ['it has not one photo']),
    ...(album?.access === (image.isPrivate ? 'private' : 'public') ? [] : ['its item says otherwise']),
    ...(isListed ? [] : ['it is not listed once']),
  ]
}

/** What is left of an image that is gone; files that no record names, and traces of items, are the sweep's. */
async function leftOf(store: ObjectStore): Promise<string[]> {
  const items = (await keysUnder(store, 'items/')).map((key) => key.split('/')[1] ?? '')
  const albums = await Promise.all(items.map(async (itemId) => open(store).albums.find(itemId)))
  return [...(await keysUnder(store, 'system/hosted/')), ...albums.flatMap((album) => album?.itemId ?? [])]
}

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? error.code : 'failed'),
  )

describe('issue: whatever call is the last one of a program', () => {
  test('an image that is created is there when that was said, and can be created again when not', async () => {
    const create = async (store: ObjectStore, now?: () => number) =>
      open(store, now).library.create({ ...IMAGE, id: 'mine' }, file, ADMIN)
    const { calls, found } = await dieEverywhere({
      prepare: async () => undefined,
      act: async (store) => create(store),
      async faults(store, { isDone }) {
        const first = isDone ? await lacksOf(store, 'mine') : []
        await create(store, later)
        const second = await lacksOf(store, 'mine')
        await open(store, later).library.remove('mine')
        return [...first, ...second, ...(await leftOf(store))]
      },
    })
    expect(found).toEqual([])
    expect(calls).toBeGreaterThan(20)
  }, 120_000)

  test('a file that is brought is there when that was said, and can be brought again when not', async () => {
    const until = new Date(Date.now() + 3_600_000)
    const { found } = await dieEverywhere({
      prepare: async (store) => open(store).library.beginUpload({ ...IMAGE, id: 'mine' }, until, ADMIN),
      act: async (store, prepared) => open(store).library.completeUpload(tokenIn(prepared), file, {}),
      async faults(store, { isDone, prepared }) {
        const first = isDone ? await lacksOf(store, 'mine') : []
        const { library, images } = open(store, later)
        const wasDraft = (await images.find('mine'))?.draft
        const outcome = await codeOf(library.completeUpload(tokenIn(prepared), file, {}))
        // Whoever has lost the answer is told that the file is there.
        const isTold = outcome === (wasDraft ? 'done' : 'upload_gone')
        return [...first, ...(isTold ? [] : [`brought again: ${outcome}`]), ...(await lacksOf(store, 'mine'))]
      },
    })
    expect(found).toEqual([])
  }, 120_000)

  test('an image that is hidden is hidden when that was said, and never said to be while it is not', async () => {
    const { found } = await dieEverywhere({
      prepare: async (store) => open(store).library.create(IMAGE, file, ADMIN),
      act: async (store, image) => open(store).library.edit(idIn(image), { isPrivate: true }, ADMIN),
      async faults(store, { isDone, prepared }) {
        const { library, images, albums } = open(store, later)
        const id = idIn(prepared)
        const isPrivate = (await images.find(id))?.isPrivate
        const isOpen = (await albums.find(id))?.access === 'public'
        await library.edit(id, { isPrivate: true }, ADMIN)
        return [
          ...((isPrivate || isDone) && isOpen ? ['everybody sees it'] : []),
          ...(isDone && !isPrivate ? ['its record says otherwise'] : []),
          ...(await lacksOf(store, id)),
        ]
      },
    })
    expect(found).toEqual([])
  }, 120_000)

  test('an image that is deleted is gone when that was said, and goes when it is deleted again', async () => {
    const { found } = await dieEverywhere({
      prepare: async (store) => open(store).library.create({ ...IMAGE, id: 'mine' }, file, ADMIN),
      act: async (store) => open(store).library.remove('mine'),
      async faults(store, { isDone }) {
        if (isDone) return leftOf(store)
        const { library, images } = open(store, later)
        const isThere = (await images.find('mine')) !== undefined
        const first = isThere ? await lacksOf(store, 'mine') : []
        const again = await codeOf(library.remove('mine'))
        const isRemoved = again === 'done' || (again === 'not_found' && !isThere)
        return [...first, ...(isRemoved ? [] : [`deleted again: ${again}`]), ...(await leftOf(store))]
      },
    })
    expect(found).toEqual([])
  }, 120_000)
})

describe('issue: several at once', () => {
  test('of two who hide and show an image the last one holds, for its record and its item', async () => {
    const store = createMemoryObjectStore()
    const { library, images, albums } = open(store)
    const { id } = await library.create(IMAGE, file, ADMIN)
    for (let round = 0; round < 20; round += 1) {
      const edits = [true, false, true].map(async (isPrivate, index) =>
        open(store).library.edit(id, { isPrivate, meta: { round, index } }, ADMIN),
      )
      await Promise.all(edits)
      const image = await images.find(id)
      expect((await albums.find(id))?.access).toBe(image?.isPrivate ? 'private' : 'public')
      expect(image?.meta['round']).toBe(round)
    }
  }, 60_000)

  test('of all who create an image of one id one has it', async () => {
    const store = createMemoryObjectStore()
    const files = await Promise.all(
      [8, 9, 10, 11].map(async (width) => ({
        fileName: 'a.jpg',
        bytes: await encode(photo(width, 8), 'jpg'),
      })),
    )
    const creating = files.map(async (each) =>
      codeOf(open(store).library.create({ ...IMAGE, id: 'mine' }, each, ADMIN)),
    )
    expect((await Promise.all(creating)).toSorted()).toEqual([
      'already_exists',
      'already_exists',
      'already_exists',
      'done',
    ])
    expect(await lacksOf(store, 'mine')).toEqual([])
  })

  test('an image that is deleted while its file comes leaves nothing', async () => {
    for (let round = 0; round < 10; round += 1) {
      const store = createMemoryObjectStore()
      const { library } = open(store)
      const until = new Date(Date.now() + 3_600_000)
      const { token } = await library.beginUpload({ ...IMAGE, id: 'mine' }, until, ADMIN)
      const bringing = library.completeUpload(token, file, {})
      for (let turn = 0; turn < round * 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      await Promise.allSettled([bringing, open(store).library.remove('mine')])
      expect(await leftOf(store)).toEqual([])
    }
  }, 60_000)
})

test('a URL that was not used in time takes no file, and its id is free again', async () => {
  const store = createMemoryObjectStore()
  const { token } = await open(store).library.beginUpload(
    { ...IMAGE, id: 'mine' },
    new Date(Date.now() + 120_000),
    ADMIN,
  )
  const { library, images } = open(store, later)
  expect(await images.find('mine')).toBeUndefined()
  await expect(library.completeUpload(token, file, {})).rejects.toMatchObject({ code: 'upload_gone' })
  await library.create({ ...IMAGE, id: 'mine' }, file, ADMIN)
  expect(await lacksOf(store, 'mine')).toEqual([])
})

const idIn = (image: unknown): string => String(Object(image).id)
const tokenIn = (begun: unknown): string => String(Object(begun).token)
