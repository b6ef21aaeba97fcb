import { beforeEach, describe, expect, test } from 'vitest'
import { documentsKey, profileKey } from '../../src/media/records.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { eventsIn } from '../support/outbox-twin.ts'
import {
  by,
  codeOf,
  journalPaths,
  keysUnder,
  openLibrary,
  putDocument,
  putFile,
  putPhoto,
  putText,
  type TestLibrary,
} from './library.ts'

const USER = 'u7'
const root = `profiles/${USER}/photo`
const NOON = Date.parse('2026-06-01T12:00:00Z')

let store: ObjectStore
let library: TestLibrary
let now: number

beforeEach(() => {
  now = NOON
  store = createMemoryObjectStore()
  library = openLibrary(store, { now: () => now })
})

describe('requirements: Files – profile photo: one', () => {
  test('is set, replaced and removed; each time the old one goes everywhere', async () => {
    const { profiles } = library
    const first = await putPhoto(store, 'p', { root })
    expect(await profiles.setPhoto(USER, first, by)).toMatchObject({
      owner: USER,
      access: 'public',
      photo: first,
    })
    const variants = ['img', 'private'].map((tree) => `${tree}/profiles/${USER}/@abcdefghijklnow/300.webp`)
    for (const key of variants) await putText(store, key)
    const second = await putPhoto(store, 'q', { root })
    expect(await profiles.setPhoto(USER, second, by)).toMatchObject({ revision: 2, photo: second })
    expect(await keysUnder(store, `${root}/`)).toEqual([second.key])
    expect([...(await keysUnder(store, 'img/')), ...(await keysUnder(store, 'private/'))]).toEqual([])
    await profiles.removePhoto(USER, by)
    expect(await keysUnder(store, `profiles/${USER}/`)).toEqual([profileKey(USER)])
    expect(await profiles.find(USER)).toMatchObject({ revision: 3, owner: USER })
    expect(await journalPaths(store)).toEqual(Array.from({ length: 3 }, () => `profiles/${USER}`))
    expect((await eventsIn(store)).map(({ state, event }) => `${state} ${event.type}`)).toEqual([
      'confirmed media.created',
      'confirmed media.replaced',
      'confirmed media.deleted',
    ])
  })

  test('the same photo again changes nothing; a removed one does not come back', async () => {
    const { profiles } = library
    const photo = await putPhoto(store, 'p', { root })
    await profiles.setPhoto(USER, photo, by)
    expect(await profiles.setPhoto(USER, photo, by)).toMatchObject({ revision: 1 })
    await profiles.removePhoto(USER, by)
    await putText(store, photo.key)
    expect(await codeOf(profiles.setPhoto(USER, photo, by))).toBe('conflict')
    expect(await codeOf(profiles.removePhoto(USER, by))).toBe('not_found')
  })

  test('hidden, it is forgotten, and stays where it is', async () => {
    const { profiles } = library
    expect(await codeOf(profiles.setAccess(USER, 'private', by))).toBe('not_found')
    await profiles.setPhoto(USER, await putPhoto(store, 'p', { root }), by)
    const variant = `img/profiles/${USER}/@abcdefghijklnow/300.webp`
    await putText(store, variant)
    expect(await profiles.setAccess(USER, 'private', by)).toMatchObject({ access: 'private' })
    expect(await store.head(variant)).toBeUndefined()
    expect(await keysUnder(store, root)).toHaveLength(1)
  })

  test('a file of somebody else is refused', async () => {
    const photo = await putPhoto(store, 'p', { root: 'profiles/u8/photo' })
    expect(await codeOf(library.profiles.setPhoto(USER, photo, by))).toBe('invalid_request')
    expect(await codeOf(library.profiles.find('u7/../u8'))).toBe('invalid_request')
  })
})

describe('requirements: Files – verification documents: private, by type, with an expiry', () => {
  test('are listed until they expire, and removed with their files', async () => {
    const { documents } = library
    const lasting = await putDocument(store, USER, 'd1')
    const brief = await putDocument(store, USER, 'd2', '2026-06-01T13:00:00Z')
    for (const document of [lasting, brief]) await documents.add(USER, document, by)
    expect(await documents.list(USER)).toEqual([lasting, brief])
    expect(await documents.find(USER, 'd2')).toEqual(brief)
    now += 2 * 3_600_000
    expect(await documents.list(USER)).toEqual([lasting])
    expect(await documents.find(USER, 'd2')).toBeUndefined()
    await documents.removeExpired(USER, by)
    await documents.remove(USER, 'd1', by)
    expect(await keysUnder(store, `verification/${USER}/`)).toEqual([documentsKey(USER)])
    expect(await documents.list(USER)).toEqual([])
    expect(await keysUnder(store, 'system/')).toEqual([])
  })

  test('of one that is gone nothing is left that says what it was, and it cannot be named again', async () => {
    const { documents } = library
    const gone = await putDocument(store, USER, 'd1')
    await documents.add(USER, gone, by)
    await documents.remove(USER, 'd1', by)
    const read = await store.get(documentsKey(USER))
    expect(read.outcome === 'found' && read.object.body.toString()).not.toMatch(/passport|pass\.pdf/)
    const again = await putDocument(store, USER, 'd1')
    expect(await codeOf(documents.add(USER, again, by))).toBe('conflict')
  })

  test('of a user who has none there are none', async () => {
    expect(await library.documents.list(USER)).toEqual([])
    await library.documents.removeExpired(USER, by)
    expect(await keysUnder(store, '')).toEqual([])
  })

  test('a user has so many, those that have expired not counted', async () => {
    const { documents } = library
    await documents.add(USER, await putDocument(store, USER, 'd0', '2026-06-01T11:00:00Z'), by)
    for (const fileId of ['d1', 'd2', 'd3'])
      await documents.add(USER, await putDocument(store, USER, fileId), by)
    expect(await codeOf(documents.add(USER, await putDocument(store, USER, 'd4'), by))).toBe('limit_reached')
    // What is there already may be added again.
    await documents.add(USER, await putDocument(store, USER, 'd3'), by)
    expect(await documents.list(USER)).toHaveLength(3)
  })

  test.each([
    `verification/u8/passport/d1/pass.pdf`,
    `verification/${USER}/passport/d2/pass.pdf`,
    `verification/${USER}/licence/d1/pass.pdf`,
    `verification/${USER}/passport/d1/more/pass.pdf`,
    `items/42/photos/a/original-d1.pdf`,
  ])('a file that lies elsewhere is refused: %s', async (key) => {
    const { etag } = await putFile(store, 'd1', key)
    const document = { ...(await putDocument(store, USER, 'd1')), key, etag }
    expect(await codeOf(library.documents.add(USER, document, by))).toBe('invalid_request')
  })

  test('what is not there cannot be removed', async () => {
    expect(await codeOf(library.documents.remove(USER, 'd1', by))).toBe('not_found')
  })
})
