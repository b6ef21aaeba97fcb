import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { photo, problem, ticket } from '../../src/api/schemas.ts'
import { createDeferred } from '../../src/render/deferred.ts'
import { codeOf, createTestApi, readAs, type TestApi, tokenOf } from '../support/api.ts'
import { ITEM, keysUnder, putItemAbc } from '../library/library.ts'

let api: TestApi
let owner: string

beforeEach(async () => {
  api = createTestApi()
  await putItemAbc(api.store, api.library)
  owner = await tokenOf('shop')
})

const withPhoto = z.object({ photo })

const REQUEST = {
  kind: 'item-photo',
  ownerId: ITEM,
  fileName: 'front.jpg',
  contentType: 'image/jpeg',
  bytes: 12_345,
}

function form(
  fields: Record<string, string>,
  file: string | null = 'the bytes',
  name = 'front.jpg',
): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  if (file !== null) form.append('file', new Blob([file], { type: 'image/jpeg' }), name)
  return form
}

describe('requirements: Flows – tickets over the API', () => {
  test('a ticket is given, resumed, completed and given up by who asked for it', async () => {
    const begun = await api.call('POST /uploads', { as: owner, json: REQUEST })
    const { uploadId } = await readAs(begun, ticket)
    expect(begun.status).toBe(201)
    expect(begun.headers.get('location')).toBe(`/api/v1/uploads/${uploadId}`)
    expect((await api.call(`GET /uploads/${uploadId}`, { as: owner })).status).toBe(200)

    const completed = await api.call(`POST /uploads/${uploadId}/complete`, { as: owner })
    expect(completed.status).toBe(200)
    const answer = await completed.json()
    expect(answer).toMatchObject({
      kind: 'item-photo',
      ownerId: ITEM,
      replaced: false,
      photo: { urls: { thumbnail: expect.stringMatching(/^https:\/\/pictures\.test\/img\/items\/42\//) } },
    })
    const again = await api.call(`POST /uploads/${uploadId}/complete`, { as: owner })
    expect(await again.json()).toEqual(answer)
    expect((await api.call(`DELETE /uploads/${uploadId}`, { as: owner })).status).toBe(204)
    expect(await codeOf(await api.call(`GET /uploads/${uploadId}`, { as: owner }))).toBe('404 not_found')
  })

  test('nobody gets one without saying who they are', async () => {
    for (const line of [
      'POST /uploads',
      'GET /uploads/u1',
      'POST /uploads/u1/complete',
      'DELETE /uploads/u1',
    ]) {
      const answer = await api.call(line, line === 'POST /uploads' ? { json: REQUEST } : {})
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(await codeOf(answer)).toBe('401 authentication_required')
    }
    const forged = await api.call('POST /uploads', { json: REQUEST, as: `${owner}x` })
    expect(forged.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    expect(await codeOf(forged)).toBe('401 token_invalid')
  })

  test.each([
    ['body.kind', { ...REQUEST, kind: 'video' }],
    ['body.ownerId', { ...REQUEST, ownerId: '../42' }],
    ['body.bytes', { ...REQUEST, bytes: 0 }],
    ['body.bytes', { ...REQUEST, bytes: '12' }],
    ['body.sha256', { ...REQUEST, sha256: 'abc' }],
    ['body.fileName', { ...REQUEST, fileName: 'x'.repeat(201) }],
    ['"colour"', { ...REQUEST, colour: 'red' }],
    ['body.contentType', { ...REQUEST, contentType: undefined }],
  ])('a fault is named: %s', async (fault, json) => {
    const answer = await api.call('POST /uploads', { as: owner, json })
    const said = await readAs(answer, problem)
    expect(said.code).toBe('invalid_request')
    expect(said.detail).toContain(fault)
  })

  test('a body is JSON, says so, and is no longer than 64 KB', async () => {
    const headers = { 'content-type': 'application/json' }
    const cut = await api.call('POST /uploads', { as: owner, headers, body: '{"kind":' })
    expect(await codeOf(cut)).toBe('400 invalid_request')
    const xml = { 'content-type': 'application/xml' }
    const other = await api.call('POST /uploads', { as: owner, headers: xml, body: '<kind/>' })
    expect(await codeOf(other)).toBe('415 unsupported_media_type')
    const long = JSON.stringify({ ...REQUEST, fileName: 'x'.repeat(65_536) })
    const tooLong = await api.call('POST /uploads', { as: owner, headers, body: long })
    expect(await codeOf(tooLong)).toBe('413 body_too_large')
  })
})

describe('requirements: Flows – a file through the gateway', () => {
  test('is stored and named, in its place', async () => {
    const answer = await api.call(`POST /items/${ITEM}/photos`, { as: owner, body: form({ at: '1' }) })
    expect(answer.status).toBe(201)
    const { photo } = await readAs(answer, withPhoto)
    expect(photo.fileName).toBe('front.jpg')
    const album = await api.library.albums.find(ITEM)
    expect(album?.photos.map(({ photoId }) => photoId)).toEqual(['a', photo.photoId, 'b', 'c'])
    const stored = await api.store.get(album?.photos[1]?.key ?? '')
    expect(stored.outcome === 'found' && stored.object.body.toString()).toBe('the bytes')
  })

  test('takes the place of another, or of a profile photo', async () => {
    const replaced = await api.call(`PUT /items/${ITEM}/photos/b`, { as: owner, body: form({}) })
    expect([replaced.status, await replaced.json()]).toMatchObject([
      200,
      { replaced: true, photo: { photoId: 'b' } },
    ])
    const set = await api.call('POST /profiles/shop/photo', { as: owner, body: form({}) })
    expect(set.status).toBe(201)
    const profile = await api.call('GET /profiles/shop')
    expect(await profile.json()).toMatchObject({
      userId: 'shop',
      photo: { urls: { large: 'https://pictures.test/img/profiles/shop/large.webp' } },
    })
  })

  test('is refused at once when too many are on their way', async () => {
    const [begun, goOn] = [createDeferred<undefined>(), createDeferred<undefined>()]
    const { uploads } = api
    const narrow = createTestApi({
      maxForms: 1,
      uploads: {
        ...uploads,
        async receive(...request) {
          begun.resolve(undefined)
          await goOn.promise
          return uploads.receive(...request)
        },
      },
    })
    const send = async () => narrow.call('POST /profiles/shop/photo', { as: owner, body: form({}) })
    const first = send()
    await begun.promise
    const second = await send()
    expect(second.headers.get('retry-after')).toBe('1')
    expect(await codeOf(second)).toBe('503 overloaded')
    goOn.resolve(undefined)
    expect((await first).status).toBe(201)
    expect((await send()).status).toBe(201)
  })

  const TWO = form({})
  TWO.append('file', new Blob(['another']), 'second.jpg')
  const BEHIND = form({})
  BEHIND.append('at', '1')
  const TWICE = form({}, null)
  TWICE.append('at', '1')
  TWICE.append('at', '2')
  TWICE.append('file', new Blob(['x']), 'x.jpg')
  const REFUSED = [
    ['no file', form({}, null), '400 invalid_request'],
    ['two files', TWO, '400 invalid_request'],
    ['a field behind the file', BEHIND, '400 invalid_request'],
    ['a field twice', TWICE, '400 invalid_request'],
    ['a field that nobody knows', form({ colour: 'red' }), '400 invalid_request'],
    ['a place that is none', form({ at: '-1' }), '400 invalid_request'],
    ['a field too long', form({ sha256: 'a'.repeat(2_000) }), '400 invalid_request'],
    ['a byte too many for its kind', form({}, 'x'.repeat(1_001)), '413 upload_too_large'],
    ['a body too long for any', form({}, 'x'.repeat(20_000)), '413'],
    ['no form at all', 'just text', '415 unsupported_media_type'],
  ] as const

  test.each(REFUSED)('with %s is refused, and leaves nothing behind', async (_what, body, expected) => {
    const before = await keysUnder(api.store, '')
    const answer = await api.call(`POST /items/${ITEM}/photos`, { as: owner, body })
    expect(await codeOf(answer)).toContain(expected)
    expect(await keysUnder(api.store, '')).toEqual(before)
  })

  test.each([
    ['cut within the file', (whole: string) => whole.slice(0, whole.indexOf('the bytes') + 4)],
    ['without its last boundary', (whole: string) => whole.slice(0, whole.lastIndexOf('--'))],
    ['with another boundary than it says', (whole: string) => whole.replaceAll('--BOUND', '--OTHER')],
  ])('%s is refused, and leaves nothing behind', async (_what, damage) => {
    const before = await keysUnder(api.store, '')
    const whole = [
      '--BOUND',
      'content-disposition: form-data; name="file"; filename="a.jpg"',
      'content-type: image/jpeg',
      '',
      'the bytes',
      '--BOUND--',
      '',
    ].join('\r\n')
    const headers = { 'content-type': 'multipart/form-data; boundary=BOUND' }
    const post = async (body: string) => api.call(`POST /items/${ITEM}/photos`, { as: owner, headers, body })
    expect(await codeOf(await post(damage(whole)))).toBe('400 invalid_request')
    expect(await keysUnder(api.store, '')).toEqual(before)
    expect((await post(whole)).status).toBe(201)
  })

  test('that stands still is cut off', async () => {
    const slow = createTestApi({ bodyTimeoutMs: 50 })
    const head = '--B\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nthe first bytes'
    const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(head)) })
    const request = new Request(`http://test/api/v1/items/${ITEM}/photos`, {
      method: 'POST',
      headers: { authorization: owner, 'content-type': 'multipart/form-data; boundary=B' },
      body,
      duplex: 'half',
    })
    expect(await codeOf(await slow.app.request(request))).toBe('408 request_timed_out')
    expect(await keysUnder(slow.store, '')).toEqual([])
  })

  test('is told with signed URLs when the item is private, and the grant stands in the audit', async () => {
    await api.call(`PUT /items/${ITEM}`, { as: owner, json: { access: 'private' } })
    const answer = await api.call(`POST /items/${ITEM}/photos`, { as: owner, body: form({}) })
    const { photo } = await readAs(answer, withPhoto)
    expect(photo.urls.medium).toMatch(/\?expires=\d+&access=[\w-]{43}$/)
    expect(api.audited.at(-1)).toMatchObject({
      action: 'grant',
      object: `items/${ITEM}`,
      detail: photo.photoId,
    })
  })
})
