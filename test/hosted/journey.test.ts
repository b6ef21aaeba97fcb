import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenOf } from '../support/api.ts'
import { bytes, startOtherServer } from '../support/other-server.ts'
import { ACCOUNT, formOf, HASH, type Hosted, jpeg, SHOP_KEY, startHosted, UUID } from './hosted.ts'

let hosted: Hosted
let file: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  hosted = await startHosted()
  file = await jpeg()
})
afterAll(async () => hosted.close())

const keys = async (prefix: string) => {
  const found: string[] = []
  for await (const { key } of hosted.store.list(prefix)) found.push(key)
  return found
}

const create = async (fields: Readonly<Record<string, string>> = {}) =>
  hosted.call('POST /v1', formOf(fields, file))

describe('reference 1.6: direct creator upload', () => {
  test('a draft, its file, a list, hidden, and gone: nothing is left', async () => {
    const asked = await hosted.call(
      'POST /v2/direct_upload',
      formOf({ metadata: '{"order":7}', creator: 'ana', requireSignedURLs: 'false' }),
    )
    expect(asked).toMatchObject({ status: 200, success: true, errors: [], messages: [], result_info: null })
    const { id, uploadURL } = asked.result
    expect(id).toMatch(UUID)
    expect((await hosted.call(`GET /v1/${id}`)).result).toMatchObject({ id, draft: true, creator: 'ana' })
    expect((await hosted.call('GET /v1')).result.images).toEqual([])

    const sent = await fetch(uploadURL, { method: 'POST', body: formOf({}, file, { name: 'Käse/1.jpg' }) })
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    const { result } = await hosted.call(`GET /v1/${id}`)
    expect(result).toEqual({
      id,
      filename: '1.jpg',
      meta: { order: 7 },
      creator: 'ana',
      uploaded: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      requireSignedURLs: false,
      variants: [`/cdn-cgi/imagedelivery/${HASH}/${id}/public`],
    })
    expect((await hosted.call('GET /v1')).result.images).toEqual([result])
    expect((await hosted.call('GET /v2')).result).toEqual({ images: [result], continuation_token: null })
    expect((await hosted.call('GET /v1/stats')).result.count.current).toBe(1)
    const picture = async () => (await fetch(`${hosted.url}/img/items/${id}/64.webp`)).status
    expect(await picture()).toBe(200)

    const hidden = await hosted.call(`PATCH /v1/${id}`, { requireSignedURLs: true, metadata: { order: 8 } })
    expect(hidden.result).toMatchObject({ id, requireSignedURLs: true, meta: { order: 8 }, creator: 'ana' })
    expect(await picture()).toBe(404)
    const blob = await fetch(`${hosted.base}/v1/${id}/blob`, {
      headers: { authorization: 'Bearer hk_a-server-that-may-all-0123456789abcdef' },
    })
    expect(Buffer.from(await blob.arrayBuffer()).equals(Buffer.from(file))).toBe(true)
    expect(blob.headers.get('content-type')).toBe('image/jpeg')

    expect(await hosted.call(`DELETE /v1/${id}`)).toMatchObject({ status: 200, result: {} })
    expect((await hosted.call(`GET /v1/${id}`)).errors).toEqual([
      { code: 5404, message: 'There is no such image' },
    ])
    expect((await hosted.call(`DELETE /v1/${id}`)).status).toBe(404)
    expect(await keys('items/')).toEqual([])
    expect(await keys('system/hosted/')).toEqual([])
    expect(await keys('temp/')).toEqual([])
    expect(await keys('private/')).toEqual([])
  })

  test('takes one file: not a second one, nor one of somebody who guesses', async () => {
    const { result } = await hosted.call('POST /v2/direct_upload', formOf({ id: 'once' }))
    const { uploadURL } = result
    const send = async (url: string, body = formOf({}, file)) =>
      (await fetch(url, { method: 'POST', body })).status
    expect(await send(`${uploadURL.slice(0, -2)}AA`)).toBe(403)
    expect(await send(`${hosted.url}/upload/once`)).toBe(403)
    expect(await send(uploadURL, formOf({}, file, { field: 'image' }))).toBe(400)
    expect(await send(uploadURL, formOf({}, Uint8Array.from([1, 2, 3])))).toBe(415)
    const all = await Promise.all([send(uploadURL), send(uploadURL), send(uploadURL)])
    expect(all.toSorted()).toEqual([200, ...all.filter((status) => status !== 200)])
    expect(all.filter((status) => status === 409 || status === 410)).toHaveLength(2)
    expect(await send(uploadURL)).toBe(410)
    expect((await hosted.call('GET /v1/once')).result).not.toHaveProperty('draft')
    await hosted.call('DELETE /v1/once')
    expect(await send(uploadURL)).toBe(403)
  })

  test('is asked for without a form, too', async () => {
    const { result } = await hosted.call('POST /v2/direct_upload')
    expect(result.id).toMatch(UUID)
    expect((await hosted.call(`DELETE /v1/${result.id}`)).status).toBe(200)
  })

  test.each([
    [{ expiry: new Date(Date.now() + 60_000).toISOString() }, 'expiry'],
    [{ expiry: new Date(Date.now() + 7 * 3_600_000).toISOString() }, 'expiry'],
    [{ expiry: 'soon' }, 'expiry'],
    [{ metadata: `{"a":"${'x'.repeat(1_024)}"}` }, 'metadata'],
    [{ metadata: '[1]' }, 'metadata'],
    [{ requireSignedURLs: 'yes' }, 'requireSignedURLs'],
    [{ id: 'mine', requireSignedURLs: 'true' }, 'requireSignedURLs'],
    [{ id: '023e105f-4ece-48ad-9ca3-1a8372d0c353' }, 'id'],
    [{ id: '/a' }, 'id'],
    [{ id: 'a/' }, 'id'],
    [{ id: 'a/../b' }, 'id'],
    [{ id: 'stats' }, 'id'],
    [{ id: 'x'.repeat(1_025) }, 'id'],
    [{ size: '1' }, 'size'],
  ])('%o is refused, and what is accepted is said', async (fields, place) => {
    const refused = await hosted.call('POST /v2/direct_upload', formOf(fields))
    expect(refused).toMatchObject({ status: 400, success: false, result: null, errors: [{ code: 5400 }] })
    expect(refused.errors[0]?.message).toContain(place)
    expect(await keys('system/hosted/')).toEqual([])
  })
})

describe('reference 1.7: images', () => {
  test('an id of its own has slashes, and any letters', async () => {
    const id = 'käse & brot/100%/a?b#c.jpg'
    const { result } = await create({ id })
    expect(result.id).toBe(id)
    expect(result.variants).toEqual([
      `/cdn-cgi/imagedelivery/${HASH}/k%C3%A4se%20%26%20brot/100%25/a%3Fb%23c.jpg/public`,
    ])
    const path = `/v1/${encodeURIComponent(id)}`
    expect((await hosted.call(`GET ${path}`)).result).toEqual(result)
    expect((await hosted.call(`DELETE ${path}`)).status).toBe(200)
  })

  test('created once more: the same file is the same image, another one is refused', async () => {
    const first = await create({ id: 'twice' })
    expect(await create({ id: 'twice' })).toMatchObject({ status: 200, result: first.result })
    const other = await hosted.call('POST /v1', formOf({ id: 'twice' }, await jpeg(32)))
    expect(other).toMatchObject({ status: 409, errors: [{ code: 5409 }] })
    expect((await create({ id: 'twice', metadata: '{"a":1}' })).status).toBe(409)
    await hosted.call('DELETE /v1/twice')
    expect((await hosted.call('POST /v1', formOf({ id: 'twice' }, await jpeg(32)))).status).toBe(200)
    await hosted.call('DELETE /v1/twice')
  })

  test('what is no picture leaves nothing', async () => {
    const before = await keys('')
    const svg = Uint8Array.from(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))
    expect(await hosted.call('POST /v1', formOf({ id: 'bad' }, svg))).toMatchObject({
      status: 415,
      errors: [{ code: 5455 }],
    })
    const cut = file.slice(0, 400)
    expect((await hosted.call('POST /v1', formOf({ id: 'bad' }, cut))).status).toBe(422)
    const large = new Uint8Array(10 * 1024 * 1024 + 1)
    const refused = await hosted.call('POST /v1', formOf({ id: 'bad' }, large))
    expect(refused.status).toBe(413)
    expect((await hosted.call('GET /v1/bad')).status).toBe(404)
    expect((await keys('')).filter((key) => !before.includes(key) && !key.startsWith('system/'))).toEqual([])
    expect((await create({ id: 'bad' })).status).toBe(200)
    await hosted.call('DELETE /v1/bad')
  })

  test('file or url, and no other server is asked that the operator has not named', async () => {
    expect((await hosted.call('POST /v1', formOf({ id: 'x' }))).errors[0]?.message).toContain('file, url')
    const url = 'https://example.com/a.jpg'
    expect((await create({ url })).status).toBe(400)
    const refused = await hosted.call('POST /v1', formOf({ url }))
    expect([refused.status, refused.errors[0]?.message]).toEqual([
      403,
      expect.stringContaining('not among those that are allowed'),
    ])
  })

  test('the file of a URL on a server that the operator has named', async () => {
    const other = await startOtherServer({ '/shop/chair.jpg': bytes(file) })
    const fetching = await startHosted({ HALFTONE_REMOTE_SOURCES: `127.0.0.1:${other.port}/shop/` })
    try {
      const { result } = await fetching.call('POST /v1', formOf({ url: `${other.origin}/shop/chair.jpg` }))
      expect(result).toMatchObject({ filename: 'chair.jpg', requireSignedURLs: false })
      const shown = await fetch(`${fetching.url}/img/items/${result.id}/64.webp`)
      expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/webp'])
      expect(await fetching.call('POST /v1', formOf({ url: `${other.origin}/shop/none.jpg` }))).toMatchObject(
        {
          success: false,
          errors: [{ message: expect.stringContaining('url:') }],
        },
      )
    } finally {
      await fetching.close()
      other.close()
    }
  })

  test('nobody but administrators of this account', async () => {
    expect(await hosted.call('GET /v1', undefined, '')).toMatchObject({
      status: 401,
      errors: [{ code: 10_000 }],
    })
    expect(await hosted.call('GET /v1', undefined, SHOP_KEY)).toMatchObject({ status: 403 })
    const other = hosted.base.replace(ACCOUNT, 'another')
    expect(await hosted.call(`GET ${other}/v1`)).toMatchObject({ status: 404, errors: [{ code: 7_003 }] })
    const preflight = await fetch(`${hosted.base}/v1`, {
      method: 'OPTIONS',
      headers: { origin: 'https://a.test' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('not a user who is called what the server is that made the image', async () => {
    const { result } = await create()
    const remove = async (authorization: string) =>
      (
        await fetch(`${hosted.url}/api/v1/items/${result.id}`, {
          method: 'DELETE',
          headers: { authorization },
        })
      ).status
    expect(await remove(await tokenOf('back-office'))).toBe(403)
    expect(await remove(await tokenOf('root', 'admin'))).toBe(204)
    expect((await hosted.call(`DELETE /v1/${result.id}`)).status).toBe(200)
  })

  test('the batch API is the same below another path, with a token for an hour', async () => {
    const { result } = await hosted.call('GET /v1/batch_token')
    expect(Date.parse(result.expiresAt)).toBeGreaterThan(Date.now())
    const listed = await hosted.call(`GET ${hosted.url}/batch/images/v1`, undefined, result.token)
    expect(listed).toMatchObject({ status: 200, result: { images: [] } })
  })
})

describe('reference 1.7: lists', () => {
  const ids = ['l1', 'l2', 'l3', 'l4', 'l5']
  const idsOf = (answer: { result: { images: { id: string }[] } }) => answer.result.images.map(({ id }) => id)

  beforeAll(async () => {
    for (const [index, id] of ids.entries()) {
      const metadata = JSON.stringify({ n: index, tag: index % 2 === 0 ? 'even' : 'odd', at: { place: id } })
      await create({ id, metadata, ...(index > 2 && { creator: 'ana' }) })
    }
  })
  afterAll(async () => {
    for (const id of ids) await hosted.call(`DELETE /v1/${id}`)
  })

  test('page by page, the newest first', async () => {
    expect(idsOf(await hosted.call('GET /v1?page=1&per_page=2'))).toEqual(['l5', 'l4'])
    expect(idsOf(await hosted.call('GET /v1?page=3&per_page=2'))).toEqual(['l1'])
    expect(idsOf(await hosted.call('GET /v1?page=4&per_page=2'))).toEqual([])
    expect(idsOf(await hosted.call('GET /v1?creator=ana'))).toEqual(['l5', 'l4'])
    expect(idsOf(await hosted.call('GET /v1?creator=&page=2&per_page=2'))).toEqual(['l1'])
    expect((await hosted.call('GET /v1?per_page=101')).status).toBe(400)
  })

  test.each([
    ['desc', ['l5', 'l4', 'l3', 'l2', 'l1']],
    ['asc', ids],
  ])('%s, from cursor to cursor', async (order, expected) => {
    const seen: string[] = []
    let cursor = ''
    do {
      const answer = await hosted.call(`GET /v2?per_page=2&sort_order=${order}${cursor}`)
      seen.push(...idsOf(answer))
      const token = answer.result.continuation_token
      cursor = token === null ? '' : `&continuation_token=${token}`
    } while (cursor !== '')
    expect(seen).toEqual(expected)
  })

  test.each([
    ['meta.tag[eq]=odd', ['l4', 'l2']],
    ['meta.n[gte:number]=1&meta.n[lt]=4', ['l4', 'l3', 'l2']],
    ['meta.n[in:number]=0|4', ['l5', 'l1']],
    ['meta.n[eq:string]=1', []],
    ['meta.at.place[in]=l2|l9', ['l2']],
    ['meta.tag[eq]=odd&creator=ana', ['l4']],
    ['meta.constructor.name[eq]=Object', []],
  ])('%s', async (query, expected) => {
    expect(idsOf(await hosted.call(`GET /v2?${query}`))).toEqual(expected)
  })

  test.each([
    'meta.tag[like]=x',
    'meta.n[gt]=x',
    'meta.a.b.c.d.e.f[eq]=1',
    `meta.n[in]=${'1|'.repeat(10)}1`,
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `meta.${name}[eq]=1`).join('&'),
    'continuation_token=x',
    'sort_order=up',
  ])('%s is refused', async (query) => {
    expect((await hosted.call(`GET /v2?${query}`)).status).toBe(400)
  })
})
