import Cloudflare, { toFile } from 'cloudflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACCOUNT, ADMIN_KEY, formOf, type Hosted, jpeg, startHosted, UUID } from './hosted.ts'

let hosted: Hosted
let client: Cloudflare
let file: Uint8Array<ArrayBuffer>
const account = { account_id: ACCOUNT }

beforeAll(async () => {
  hosted = await startHosted()
  client = new Cloudflare({ baseURL: `${hosted.url}/client/v4`, apiToken: ADMIN_KEY, maxRetries: 0 })
  file = await jpeg()
})
afterAll(async () => hosted.close())

describe("issue: Cloudflare's own client, unchanged", () => {
  test('images: created, read, listed, changed, downloaded and deleted', async () => {
    const created = await client.images.v1.create({
      ...account,
      file: await toFile(file, 'front.jpg'),
      metadata: { order: '7', shop: { city: 'Bern' } },
      requireSignedURLs: false,
      creator: 'ana',
    })
    expect(created).toMatchObject({
      filename: 'front.jpg',
      creator: 'ana',
      meta: { order: '7', shop: { city: 'Bern' } },
      requireSignedURLs: false,
    })
    const id = created.id ?? ''
    expect(id).toMatch(UUID)
    expect(await client.images.v1.get(id, account)).toEqual(created)
    expect((await client.images.v1.list(account)).result).toEqual({ images: [created] })
    expect(await client.images.v2.list({ ...account, sort_order: 'asc' })).toEqual({
      images: [created],
      continuation_token: null,
    })
    const edited = await client.images.v1.edit(id, {
      ...account,
      metadata: { order: 8 },
      requireSignedURLs: true,
    })
    expect(edited).toEqual({ ...created, meta: { order: 8 }, requireSignedURLs: true })
    const blob = await client.images.v1.blobs.get(id, account)
    expect(Buffer.from(await blob.arrayBuffer()).equals(Buffer.from(file))).toBe(true)
    expect((await client.images.v1.stats.get(account)).count?.current).toBe(1)
    await client.images.v1.delete(id, account)
    await expect(client.images.v1.get(id, account)).rejects.toMatchObject({
      status: 404,
      errors: [{ code: 5_404, message: 'There is no such image' }],
    })
  })

  test('an id of its own, whole in a path', async () => {
    const id = 'shops/bern/käse 1.jpg'
    await client.images.v1.create({ ...account, id, file: await toFile(file, 'a.jpg') })
    expect((await client.images.v1.get(id, account)).id).toBe(id)
    await client.images.v1.delete(id, account)
  })

  test('direct uploads', async () => {
    const { id = '', uploadURL = '' } = await client.images.v2.directUploads.create({
      ...account,
      requireSignedURLs: true,
      expiry: new Date(Date.now() + 600_000).toISOString(),
    })
    expect(await client.images.v1.get(id, account)).toMatchObject({
      id,
      draft: true,
      requireSignedURLs: true,
    })
    expect((await fetch(uploadURL, { method: 'POST', body: formOf({}, file) })).status).toBe(200)
    expect(await client.images.v1.get(id, account)).not.toHaveProperty('draft')
    expect((await fetch(`${hosted.url}/img/items/${id}/64.webp`)).status).toBe(404)
    await client.images.v1.delete(id, account)
  })

  test('variants', async () => {
    const options = { fit: 'scale-down', height: 768, metadata: 'none', width: 1366 } as const
    const hero = { id: 'hero', options, neverRequireSignedURLs: false }
    expect(await client.images.v1.variants.create({ ...account, id: 'hero', options })).toEqual({
      variant: hero,
    })
    expect((await client.images.v1.variants.list(account)).variants?.hero).toEqual(hero)
    const changed = { ...account, options: { ...options, width: 99 }, neverRequireSignedURLs: true }
    expect(await client.images.v1.variants.edit('hero', changed)).toMatchObject({
      variant: { options: { width: 99 }, neverRequireSignedURLs: true },
    })
    expect((await client.images.v1.variants.get('hero', account)).variant?.options.width).toBe(99)
    await client.images.v1.variants.delete('hero', account)
    await expect(client.images.v1.variants.get('hero', account)).rejects.toMatchObject({ status: 404 })
  })

  test('keys', async () => {
    const { keys = [] } = await client.images.v1.keys.update('someKey', account)
    expect(keys.map(({ name }) => name)).toEqual(['default', 'someKey'])
    expect((await client.images.v1.keys.list(account)).keys).toEqual(keys)
    expect((await client.images.v1.keys.delete('someKey', account)).keys).toEqual(keys.slice(0, 1))
  })

  test('a wrong token is an authentication error', async () => {
    const stranger = new Cloudflare({
      baseURL: `${hosted.url}/client/v4`,
      apiToken: 'hk_nobody',
      maxRetries: 0,
    })
    await expect(stranger.images.v1.list(account)).rejects.toMatchObject({
      status: 401,
      errors: [{ code: 10_000 }],
    })
  })
})
