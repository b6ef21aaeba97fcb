import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import type { NewPhoto } from '../../src/library/library.ts'
import { lookUp } from '../../src/sources/look-up.ts'
import { createRecordView, createSourceView } from '../../src/storage/source-view.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { parseSourcePath } from '../../src/urls/source-path.ts'
import { parseVariantKey, variantKey } from '../../src/urls/variant-key.ts'
import { sourcePartOf, sourceVersion } from '../../src/urls/version.ts'
import { eventsIn } from '../support/outbox-twin.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { EPOCH } from '../sweep/sweeping.ts'
import { by, keysUnder, openLibrary, putPhoto, putText, SHOP, type TestLibrary } from './library.ts'

const CHANGES = 50
const RUNS = 2

let origin: RunningOrigin
let stores: readonly S3ObjectStore[]

beforeAll(async () => {
  origin = await startOrigin()
  stores = [openOrigin(origin), openOrigin(origin)]
})

afterAll(async () => {
  for (const store of stores) store.close()
  await origin.stop()
})

const step = fc.record({
  verb: fc.constantFrom('add', 'add', 'replace', 'reorder', 'remove', 'cover'),
  replica: fc.nat(1),
  /** Which photo, of those that are there when it is begun. */
  choice: fc.nat(1000),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What people who get a refusal know: somebody else was first. */
const EXPECTED = new Set(['not_found', 'conflict', 'limit_reached'])

/** Two replicas of the library and what those who change one item through them were told. */
function createPeople(itemId: string, libraries: readonly TestLibrary[]) {
  const root = `items/${itemId}/photos`
  const added = new Map<string, NewPhoto>()
  const removed = new Set<string>()
  const replaced = new Set<string>()
  let names = 0

  async function act({ verb, replica, choice }: Step): Promise<void> {
    const [store, library] = [stores[replica], libraries[replica]]
    if (store === undefined || library === undefined) throw new Error('There is no such replica')
    const { albums } = library
    const there = (await albums.find(itemId))?.photos ?? []
    const chosen = there[choice % Math.max(1, there.length)]?.photoId ?? 'nobody'
    switch (verb) {
      case 'add': {
        const photo = await putPhoto(store, `p${(names += 1)}`, { root })
        await albums.add(itemId, photo, { ...by, at: choice % 5, ifAbsent: SHOP })
        added.set(photo.photoId, photo)
        return
      }
      case 'replace': {
        const photo = await putPhoto(store, chosen, { root })
        await albums.replace(itemId, photo, by)
        // A variant as somebody renders it who comes just then.
        await putText(
          store,
          variantKey(`${root}/${chosen}`, `${sourceVersion(photo.etag, photo.key)}${EPOCH}`, SPEC),
        )
        await takeBackIfDead(store, `${root}/${chosen}`, photo)
        replaced.add(photo.key)
        return
      }
      case 'reorder': {
        const order = there.map(({ photoId }) => photoId).toSorted(() => (choice % 3) - 1)
        await albums.reorder(itemId, order.toReversed(), by)
        return
      }
      case 'remove':
        await albums.remove(itemId, chosen, by)
        removed.add(chosen)
        return
      case 'cover':
        await albums.setCover(itemId, chosen, by)
    }
  }

  return {
    added,
    removed,
    replaced,
    /** One change; a refusal is part of life, anything else is not. */
    async try(step: Step): Promise<boolean> {
      try {
        await act(step)
        return true
      } catch (error) {
        if (error instanceof GatewayError && EXPECTED.has(error.code)) return false
        throw error
      }
    },
  }
}

const SPEC = { width: 800, fit: 'width', format: 'webp' } as const

async function takeBackIfDead(store: S3ObjectStore, path: string, photo: NewPhoto): Promise<void> {
  const now = await lookUpIn(store, path)
  const version = sourceVersion(photo.etag, photo.key)
  if (now?.version !== version) await store.delete([variantKey(path, `${version}${EPOCH}`, SPEC)])
}

const lookUpIn = async (store: S3ObjectStore, path: string) =>
  lookUp(
    { pictures: createSourceView(store, ['items/']), records: createRecordView(store, ['items/']) },
    parseSourcePath(path.split('/')),
  )

test('requirements: Files – two replicas, 50 changes at once: no photo is lost, none is there twice', async () => {
  let run = 0
  const seen = { done: 0, refused: 0 }
  const steps = fc.array(step, { minLength: CHANGES, maxLength: CHANGES })
  const property = fc.asyncProperty(steps, async (steps) => {
    const itemId = `shared-${(run += 1)}`
    const store = stores[0]
    if (store === undefined) throw new Error('There is no store')
    const libraries = stores.map((store) => openLibrary(store, { maxPhotos: 100 }))
    const people = createPeople(itemId, libraries)
    await libraries[0]?.albums.add(
      itemId,
      await putPhoto(store, 'first', { root: `items/${itemId}/photos` }),
      {
        ...by,
        ifAbsent: SHOP,
      },
    )

    const done = await Promise.all(steps.map(async (step) => people.try(step)))
    seen.done += done.filter(Boolean).length
    seen.refused += done.filter((was) => !was).length

    const album = await libraries[1]?.albums.find(itemId)
    const ids = album?.photos.map(({ photoId }) => photoId) ?? []
    // None lost, none twice, none back: those that were added and not removed.
    expect(ids.toSorted()).toEqual(
      ['first', ...people.added.keys()].filter((id) => !people.removed.has(id)).toSorted(),
    )
    // Every file that is named is there; every file that is there is named, or was refused.
    const files = new Map<string, string>()
    for await (const { key, etag } of store.list(`items/${itemId}/photos/`)) files.set(key, etag)
    const named = new Set(album?.photos.map(({ key }) => key))
    for (const { key, etag } of album?.photos ?? []) expect(files.get(key), key).toBe(etag)
    const accepted = new Set([...people.replaced, ...[...people.added.values()].map(({ key }) => key)])
    expect([...files.keys()].filter((key) => !named.has(key) && accepted.has(key))).toEqual([])
    // No variant of a dead version.
    for (const key of await keysUnder(store, `img/items/${itemId}/`)) {
      const address = parseVariantKey(key)
      const source = address && (await lookUpIn(store, address.source))
      expect(sourcePartOf(address?.version ?? ''), key).toBe(source?.version)
    }
    // Everything that was begun is finished, and told once, in the order of the revisions.
    expect(libraries.flatMap(({ unfinished }) => unfinished)).toEqual([])
    expect(await keysUnder(store, 'system/purges/')).toEqual([])
    const events = (await eventsIn(store)).filter(({ event }) => event.object === `items/${itemId}`)
    expect(events.filter(({ state }) => state !== 'confirmed')).toEqual([])
    const revisions = events.map(({ event }) => event.revision)
    expect(revisions).toEqual(Array.from({ length: album?.revision ?? 0 }, (_, index) => index + 1))
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
  expect(seen.done).toBeGreaterThan(0)
  expect(seen.refused).toBeGreaterThan(0)
}, 120_000)

test('uploads at once: 50 photos from two replicas are 50 photos', async () => {
  const [store] = stores
  if (store === undefined) throw new Error('There is no store')
  const libraries = stores.map((store) => openLibrary(store, { maxPhotos: 50 }))
  const root = 'items/crowd/photos'
  const ids = Array.from({ length: 50 }, (_, index) => `p${index}`)
  await Promise.all(
    ids.map(async (photoId, index) => {
      const photo = await putPhoto(store, photoId, { root })
      await libraries[index % 2]?.albums.add('crowd', photo, { ...by, ifAbsent: SHOP })
    }),
  )
  const album = await libraries[0]?.albums.find('crowd')
  expect(album?.photos.map(({ photoId }) => photoId).toSorted()).toEqual(ids.toSorted())
  expect(album?.revision).toBe(50)
}, 60_000)
