import { beforeEach, describe, expect, test } from 'vitest'
import { formatDisposition } from '../../src/api/file-answer.ts'
import { documentsPage } from '../../src/api/schemas.ts'
import { codeOf, createTestApi, readAs, type TestApi, tokenOf } from '../support/api.ts'
import { by, ITEM, putDocument, putItemAbc, putPhoto } from '../library/library.ts'

let api: TestApi
let owner: string
let key: string

beforeEach(async () => {
  api = createTestApi()
  const [photo] = await putItemAbc(api.store, api.library)
  key = photo?.key ?? ''
  owner = await tokenOf('shop')
})

const original = `/items/${ITEM}/photos/a/original`

describe('requirements: Storage – originals as streams', () => {
  test('the owner reads the file as it was uploaded, in line or to be saved', async () => {
    const inline = await api.call(`GET ${original}`, { as: owner })
    expect([inline.status, await inline.text()]).toEqual([200, key])
    expect(Object.fromEntries(inline.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': `${key.length}`,
      'content-disposition': 'inline; filename="a"',
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store, max-age=0, stale-if-error=0',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'same-site',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    const saved = await api.call(`GET /items/${ITEM}/photos/a/download`, { as: owner })
    expect(saved.headers.get('content-disposition')).toBe('attachment; filename="a"')
    expect(await saved.text()).toBe(key)
  })

  test('a range, a part from the end, and one behind the end', async () => {
    const get = async (range: string, headers = {}) =>
      api.call(`GET ${original}`, { as: owner, headers: { range, ...headers } })
    const first = await get('bytes=2-5')
    expect([first.status, await first.text()]).toEqual([206, key.slice(2, 6)])
    expect(first.headers.get('content-range')).toBe(`bytes 2-5/${key.length}`)
    expect(first.headers.get('content-length')).toBe('4')
    const last = await get('bytes=-3')
    expect([last.status, await last.text()]).toEqual([206, key.slice(-3)])
    const stale = await get('bytes=2-5', { 'if-range': '"another"' })
    expect([stale.status, await stale.text()]).toEqual([200, key])
    const beyond = await get('bytes=9999-')
    expect(beyond.headers.get('content-range')).toBe(`bytes */${key.length}`)
    expect(await codeOf(beyond)).toBe('416 range_not_satisfiable')
  })

  test('HEAD has the headers of GET, and 304 is for those allowed', async () => {
    const head = await api.call(`HEAD ${original}`, { as: owner })
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([
      200,
      '',
      `${key.length}`,
    ])
    const etag = head.headers.get('etag') ?? ''
    const headers = { 'if-none-match': etag }
    expect((await api.call(`GET ${original}`, { as: owner, headers })).status).toBe(304)
    expect((await api.call(`GET ${original}`, { headers })).status).toBe(401)
  })

  test('what stands in a file is not for strangers, unless the operator says so', async () => {
    expect(await codeOf(await api.call(`GET ${original}`))).toBe('401 authentication_required')
    const other = await tokenOf('somebody')
    expect(await codeOf(await api.call(`GET ${original}`, { as: other }))).toBe('403 access_denied')
    expect((await api.call(`GET ${original}`, { as: await tokenOf('rita', 'reviewer') })).status).toBe(200)

    const open = createTestApi({ store: api.store, publicOriginals: true })
    const answer = await open.call(`GET ${original}`)
    expect([answer.status, await answer.text()]).toEqual([200, key])
    expect(answer.headers.get('cache-control')).toBe(
      'public, max-age=300, s-maxage=86400, stale-if-error=86400',
    )
    await api.library.albums.setAccess(ITEM, 'private', by)
    expect(await codeOf(await open.call(`GET ${original}`))).toBe('404 not_found')
  })

  test('requirements: CDN – a public original is kept as its kind or its owner says, and can be purged by its tags', async () => {
    const seconds = { media: 2_592_000, document: 604_800 }
    const edge = { purges: 'tags', hearsBucket: false, seconds } as const
    const open = createTestApi({ store: api.store, publicOriginals: true, edge })
    const headersOf = async (line: string, as?: string) => {
      const { headers } = await open.call(line, { as })
      return [headers.get('cache-control'), headers.get('x-amz-meta-cache-tag')]
    }
    const tags = `item:${ITEM},photo:${ITEM}%2Fa`
    expect(await headersOf(`GET ${original}`)).toEqual([
      'public, max-age=300, s-maxage=604800, stale-if-error=86400',
      tags,
    ])
    await api.library.albums.adjust(ITEM, 'a', { edgeSeconds: 30 }, by)
    expect(await headersOf(`GET ${original}`)).toEqual([
      'public, max-age=30, s-maxage=30, stale-if-error=86400',
      tags,
    ])
    await api.library.albums.setAccess(ITEM, 'private', by)
    expect(await headersOf(`GET ${original}`, owner)).toEqual([
      'private, no-store, max-age=0, stale-if-error=0',
      null,
    ])
  })

  test('a record that names what is not there says so', async () => {
    await api.store.delete([key])
    expect(await codeOf(await api.call(`GET ${original}`, { as: owner }))).toBe('503 source_changing')
    const unknown = await api.call(`GET /items/${ITEM}/photos/zzz/original`, { as: owner })
    expect(await codeOf(unknown)).toBe('404 not_found')
  })

  test('of a profile', async () => {
    const photo = await putPhoto(api.store, 'p', { root: 'profiles/u7/photo' })
    await api.library.profiles.setPhoto('u7', photo, { by: 'u7' })
    const as = await tokenOf('u7')
    expect(await (await api.call('GET /profiles/u7/photo/download', { as })).text()).toBe(photo.key)
    const changed = await api.call('PUT /profiles/u7', { as, json: { access: 'private' } })
    expect(await changed.json()).toMatchObject({ access: 'private' })
    expect(await codeOf(await api.call('GET /profiles/u7', { as: owner }))).toBe('404 not_found')
    expect(await codeOf(await api.call('DELETE /profiles/u7/photo', { as: owner }))).toBe('404 not_found')
    expect((await api.call('DELETE /profiles/u7/photo', { as })).status).toBe(204)
    expect(await (await api.call('GET /profiles/u7', { as })).json()).not.toHaveProperty('photo')
  })
})

describe('requirements: Files – verification documents', () => {
  const file = '/users/u7/documents/d1'
  let user: string

  beforeEach(async () => {
    for (const fileId of ['d1', 'd2', 'd3']) {
      await api.library.documents.add('u7', await putDocument(api.store, 'u7', fileId), { by: 'u7' })
    }
    user = await tokenOf('u7')
    api.events.length = 0
  })

  test('are listed page by page', async () => {
    const first = await api.call('GET /users/u7/documents?limit=2', { as: user })
    const page = await readAs(first, documentsPage)
    expect(page.documents.map(({ fileId }) => fileId)).toEqual(['d1', 'd2'])
    expect(page.documents[0]?.url).toBe('https://pictures.test/api/v1/users/u7/documents/d1')
    const second = await api.call(`GET /users/u7/documents?limit=2&cursor=${page.next}`, { as: user })
    expect(await second.json()).toEqual({ documents: [expect.objectContaining({ fileId: 'd3' })] })
    for (const query of ['cursor=%21', 'cursor=Li4', 'limit=0', 'limit=101', 'order=name']) {
      const answer = await api.call(`GET /users/u7/documents?${query}`, { as: user })
      expect(await codeOf(answer), query).toBe('400 invalid_request')
    }
  })

  test('are handed out to be saved, audited and told', async () => {
    const answer = await api.call(`GET ${file}`, { as: user })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('verification/u7')
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-disposition': 'attachment; filename="pass.pdf"',
      'cache-control': 'private, no-store, max-age=0, stale-if-error=0',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    })
    expect(api.audited).toEqual([
      expect.objectContaining({ principal: 'u7', action: 'read', object: 'verification/u7/d1' }),
    ])
    expect(api.events).toEqual(['intend document.read', 'confirm document.read'])
  })

  test('are for their owner and for roles, who alone may know which there are', async () => {
    const reviewer = await tokenOf('rita', 'reviewer')
    expect((await api.call(`GET ${file}`, { as: reviewer })).status).toBe(200)
    api.audited.length = 0
    for (const line of [
      `GET ${file}`,
      'GET /users/u7/documents/none',
      'GET /users/u7/documents',
      `DELETE ${file}`,
    ]) {
      expect(await codeOf(await api.call(line)), line).toBe('401 authentication_required')
      expect(await codeOf(await api.call(line, { as: owner })), line).toBe('403 access_denied')
    }
    expect(await codeOf(await api.call(`DELETE ${file}`, { as: reviewer }))).toBe('403 access_denied')
    expect(api.audited.map(({ action }) => action)).toEqual(Array.from({ length: 9 }, () => 'refuse'))
    expect(api.audited.filter(({ principal }) => principal === undefined)).toHaveLength(4)
    expect((await api.call(`DELETE ${file}`, { as: user })).status).toBe(204)
    expect(await codeOf(await api.call(`GET ${file}`, { as: user }))).toBe('404 not_found')
  })

  test('nobody has a byte of one before the event is kept', async () => {
    const intend = async () => Promise.reject(new Error('The bucket is away'))
    const outbox = { intend, confirm: intend, withdraw: intend }
    const broken = createTestApi({ store: api.store, outbox })
    expect(await codeOf(await broken.call(`GET ${file}`, { as: user }))).toBe('500 internal')
  })
})

test.each([
  ['holiday.jpg', 'attachment; filename="holiday.jpg"'],
  [
    'my "best" 100%.jpg',
    `attachment; filename="my _best_ 100_.jpg"; filename*=UTF-8''my%20%22best%22%20100%25.jpg`,
  ],
  ['Käse (1).png', `attachment; filename="K_se (1).png"; filename*=UTF-8''K%C3%A4se%20%281%29.png`],
  ['a\r\nb/../c\\d', 'attachment; filename="a__b_.._c_d"'],
  ['\ud800.jpg', `attachment; filename="_.jpg"; filename*=UTF-8''%EF%BF%BD.jpg`],
])('the name %j is said as %s', (name, expected) => {
  expect(formatDisposition('attachment', name)).toBe(expected)
})
