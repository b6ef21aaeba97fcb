import { beforeEach, describe, expect, test } from 'vitest'
import { item } from '../../src/api/schemas.ts'
import {
  accessLinks,
  ADMIN_KEY,
  codeOf,
  createTestApi,
  readAs,
  SERVER_KEY,
  type TestApi,
  tokenOf,
} from '../support/api.ts'
import { by, ITEM, putItemAbc } from '../library/library.ts'

let api: TestApi
let owner: string
let other: string
let admin: string
let reviewer: string

beforeEach(async () => {
  api = createTestApi()
  await putItemAbc(api.store, api.library)
  owner = await tokenOf('shop')
  other = await tokenOf('somebody')
  admin = await tokenOf('root', 'admin')
  reviewer = await tokenOf('rita', 'reviewer')
})

const json = async (response: Response) => readAs(response, item)
const order = async () => (await api.library.albums.find(ITEM))?.photos.map(({ photoId }) => photoId).join('')

describe('requirements: Files – an item over the API', () => {
  test('shows its photos in order, with URLs that stay the same', async () => {
    const answer = await api.call(`GET /items/${ITEM}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('etag')).toBe('"r3"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { photos, ...item } = await json(answer)
    expect(item).toEqual({ itemId: ITEM, owner: 'shop', access: 'public', revision: 3 })
    expect(photos).toMatchObject([{ photoId: 'a' }, { photoId: 'b' }, { photoId: 'c' }])
    expect(photos[0]).toHaveProperty('urls', {
      thumbnail: 'https://pictures.test/img/items/42/photos/a/thumbnail.webp',
      medium: 'https://pictures.test/img/items/42/photos/a/medium.webp',
      large: 'https://pictures.test/img/items/42/photos/a/large.webp',
      original: 'https://pictures.test/img/items/42/photos/a/original.webp',
    })
    expect(JSON.stringify(photos)).not.toContain('original-')
  })

  test('is made by a user for themselves, by a server for somebody', async () => {
    const made = await api.call('PUT /items/43', { as: other, json: { access: 'public' } })
    expect([made.status, (await json(made)).owner]).toEqual([201, 'somebody'])
    const foreign = await api.call('PUT /items/44', { as: other, json: { access: 'public', owner: 'shop' } })
    expect(await codeOf(foreign)).toBe('403 access_denied')
    const nobody = await api.call('PUT /items/44', { as: `Bearer ${ADMIN_KEY}`, json: { access: 'public' } })
    expect(await codeOf(nobody)).toBe('400 invalid_request')
    const server = await api.call('PUT /items/44', {
      as: `Bearer ${ADMIN_KEY}`,
      json: { access: 'private', owner: 'u7' },
    })
    expect([server.status, (await json(server)).owner]).toEqual([201, 'u7'])
  })

  test('is reordered, gets a cover and a focus, and loses photos', async () => {
    await api.call(`PUT /items/${ITEM}/order`, { as: owner, json: { photoIds: ['c', 'a', 'b'] } })
    expect(await order()).toBe('cab')
    await api.call(`PUT /items/${ITEM}/cover`, { as: owner, json: { photoId: 'b' } })
    expect(await order()).toBe('bca')
    const focus = { x: 0.25, y: 0.75 }
    const changed = await api.call(`PATCH /items/${ITEM}/photos/a`, { as: owner, json: { focus } })
    expect((await json(changed)).photos).toMatchObject([{}, {}, { photoId: 'a', focus }])
    const cleared = await api.call(`PATCH /items/${ITEM}/photos/a`, { as: owner, json: { focus: null } })
    expect((await json(cleared)).photos[2]).not.toHaveProperty('focus')
    expect((await api.call(`DELETE /items/${ITEM}/photos/b`, { as: owner })).status).toBe(204)
    expect(await order()).toBe('ca')
    expect((await api.call(`DELETE /items/${ITEM}/photos`, { as: admin })).status).toBe(204)
    expect(await order()).toBe('')
    expect((await api.call(`DELETE /items/${ITEM}`, { as: `Bearer ${ADMIN_KEY}` })).status).toBe(204)
    expect(await codeOf(await api.call(`GET /items/${ITEM}`))).toBe('404 not_found')
  })

  test('says how long the edge may keep a photo', async () => {
    const patch = async (json: unknown) => api.call(`PATCH /items/${ITEM}/photos/a`, { as: owner, json })
    const focus = { x: 0.25, y: 0.75 }
    expect((await json(await patch({ edgeSeconds: 60, focus }))).photos[0]).toMatchObject({
      edgeSeconds: 60,
      focus,
    })
    const cleared = (await json(await patch({ edgeSeconds: null }))).photos[0]
    expect(cleared).toMatchObject({ focus })
    expect(cleared).not.toHaveProperty('edgeSeconds')
    for (const refused of [{}, { edgeSeconds: -1 }, { edgeSeconds: 31_536_001 }, { edgeSeconds: 1.5 }])
      expect(await codeOf(await patch(refused)), JSON.stringify(refused)).toBe('400 invalid_request')
  })

  const CHANGES = [
    [`PUT /items/${ITEM}`, { access: 'private' }],
    [`PUT /items/${ITEM}/order`, { photoIds: ['c', 'b', 'a'] }],
    [`PUT /items/${ITEM}/cover`, { photoId: 'b' }],
    [`PATCH /items/${ITEM}/photos/a`, { focus: null }],
    [`DELETE /items/${ITEM}/photos/a`, undefined],
    [`DELETE /items/${ITEM}/photos`, undefined],
    [`DELETE /items/${ITEM}`, undefined],
  ] as const

  test.each(CHANGES)('%s is for its owner and administrators', async (line, json) => {
    const before = await api.library.albums.find(ITEM)
    expect(await codeOf(await api.call(line, { json }))).toBe('401 authentication_required')
    for (const as of [other, reviewer, `Bearer ${SERVER_KEY}`]) {
      expect(await codeOf(await api.call(line, { json, as }))).toBe('403 access_denied')
    }
    expect(await api.library.albums.find(ITEM)).toEqual(before)
    await api.library.albums.setAccess(ITEM, 'private', by)
    expect(await codeOf(await api.call(line, { json, as: other }))).toBe('404 not_found')
    expect(api.audited.at(-1)).toMatchObject({
      principal: 'somebody',
      action: 'refuse',
      object: `items/${ITEM}`,
    })
  })

  test.each(CHANGES)('%s is made to the record that If-Match names, or not at all', async (line, json) => {
    const before = await api.library.albums.find(ITEM)
    for (const stale of ['"r2"', '"other"', 'W/"r3"']) {
      const answer = await api.call(line, { json, as: owner, headers: { 'if-match': stale } })
      expect(await codeOf(answer)).toBe('412 precondition_failed')
    }
    expect(await api.library.albums.find(ITEM)).toEqual(before)
    const current = await api.call(line, { json, as: owner, headers: { 'if-match': '"r3"' } })
    expect(current.status).toBeLessThan(300)
  })

  test('an order that misses a photo, or an owner that changes, is a conflict', async () => {
    const missing = await api.call(`PUT /items/${ITEM}/order`, { as: owner, json: { photoIds: ['c', 'a'] } })
    expect(await codeOf(missing)).toBe('409 conflict')
    const given = await api.call(`PUT /items/${ITEM}`, { as: owner, json: { access: 'public', owner: 'u9' } })
    expect(await codeOf(given)).toBe('409 conflict')
  })
})

describe('requirements: Safety – an item that is not public', () => {
  const READERS = [
    ['private', 'nobody', '404 not_found'],
    ['private', 'somebody', '404 not_found'],
    ['private', 'server', '404 not_found'],
    ['private', 'reviewer', '200'],
    ['private', 'owner', '200'],
    ['authenticated', 'nobody', '401 authentication_required'],
    ['authenticated', 'somebody', '200'],
    ['authenticated', 'server', '200'],
  ] as const

  test.each(READERS)('%s, asked for by %s: %s, and it stands in the audit', async (access, who, expected) => {
    await api.library.albums.setAccess(ITEM, access, by)
    const known = { nobody: undefined, somebody: other, server: `Bearer ${SERVER_KEY}`, reviewer, owner }
    const answer = await api.call(`GET /items/${ITEM}`, { as: known[who] })
    expect(answer.status === 200 ? '200' : await codeOf(answer)).toBe(expected)
    expect(api.audited).toEqual([
      expect.objectContaining({
        action: expected === '200' ? 'grant' : 'refuse',
        object: `items/${ITEM}`,
        address: '192.0.2.7',
        requestId: 'test-1',
      }),
    ])
  })

  test('is not told from one that is not there', async () => {
    await api.library.albums.setAccess(ITEM, 'private', by)
    const there = await api.call(`GET /items/${ITEM}`, { as: other })
    const absent = await api.call('GET /items/no-such', { as: other })
    expect(await there.json()).toEqual(await absent.json())
  })

  test('does not tell strangers who owns it', async () => {
    await api.library.albums.setAccess(ITEM, 'private', by)
    for (const owner of ['shop', 'nobody']) {
      const guess = await api.call(`PUT /items/${ITEM}`, { as: other, json: { access: 'public', owner } })
      expect(await codeOf(guess)).toBe('404 not_found')
    }
  })

  test('has URLs that whoever has them may read until they expire', async () => {
    await api.library.albums.setAccess(ITEM, 'private', by)
    const { photos } = await json(await api.call(`GET /items/${ITEM}`, { as: owner }))
    const url = new URL(photos[0]?.urls.thumbnail ?? '')
    const grant = {
      expires: url.searchParams.get('expires') ?? '',
      access: url.searchParams.get('access') ?? '',
    }
    expect(url.pathname).toBe('/img/items/42/photos/a/thumbnail.webp')
    expect(accessLinks.check(grant, 'items/42/photos/a')).toBe('valid')
    expect(accessLinks.check(grant, 'items/42/photos/b')).toBe('forged')
  })

  test('is not answered while the audit cannot be written', async () => {
    const broken = createTestApi({
      audit: { record: async () => Promise.reject(new Error('The bucket is away')) },
    })
    await putItemAbc(broken.store, broken.library)
    await broken.library.albums.setAccess(ITEM, 'private', by)
    expect(await codeOf(await broken.call(`GET /items/${ITEM}`, { as: owner }))).toBe('500 internal')
    expect(await codeOf(await broken.call(`DELETE /items/${ITEM}`, { as: owner }))).toBe('500 internal')
    expect(await broken.library.albums.find(ITEM)).toBeDefined()
  })

  test('its changes stand in the audit', async () => {
    await api.library.albums.setAccess(ITEM, 'private', by)
    await api.call(`PUT /items/${ITEM}/cover`, { as: owner, json: { photoId: 'b' } })
    await api.call(`DELETE /items/${ITEM}/photos/a`, { as: owner })
    expect(api.audited.map(({ action, detail }) => `${action}: ${detail}`)).toEqual([
      'change: cover b',
      'delete: delete a',
    ])
  })
})
