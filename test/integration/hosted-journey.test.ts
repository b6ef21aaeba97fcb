import { afterAll, beforeAll, expect, test } from 'vitest'
import { signDelivery } from '../../src/index.ts'
import { formOf, HASH, type Hosted, jpeg, startHosted } from '../hosted/hosted.ts'

let hosted: Hosted

beforeAll(async () => {
  hosted = await startHosted({ HALFTONE_LOOKUP_TTL_MS: '0' })
})
afterAll(() => hosted.close())

const statusOf = async (url: string) => {
  const answer = await fetch(url)
  await answer.arrayBuffer()
  return answer.status
}

test('an image comes by the API, is shown, hidden, signed for, and gone', async () => {
  const { call, url } = hosted
  const options = { fit: 'cover', metadata: 'none', width: 20, height: 10 }
  await call('POST /v1/variants', { id: 'tiny', options, neverRequireSignedURLs: false })
  const { value: key } = (await call('GET /v1/keys')).result.keys[0]
  const made = await call('POST /v1', formOf({}, await jpeg(320)))
  const { id } = made.result
  const path = `/${HASH}/${id}/tiny`
  expect(await statusOf(`${url}/cdn-cgi/imagedelivery${path}`)).toBe(200)
  // The API says where its images are; the address before that is the operator's to configure.
  for (const shown of made.result.variants) expect(await statusOf(new URL(shown, url).href)).toBe(200)

  await call(`PATCH /v1/${id}`, { requireSignedURLs: true })
  expect(await statusOf(`${url}${path}`)).toBe(403)
  const exp = new Date(Date.now() + 60_000)
  expect(await statusOf(signDelivery(`${url}${path}`, key, { exp }))).toBe(200)
  expect(await statusOf(signDelivery(`${url}${path}`, 'another key', { exp }))).toBe(403)
  expect(await statusOf(`${url}/img/items/${id}/320.webp`)).toBe(404)

  await call(`DELETE /v1/${id}`)
  expect(await statusOf(signDelivery(`${url}${path}`, key, { exp }))).toBe(404)
})

test('a name with slashes and signs is shown under that name', async () => {
  const { call, url } = hosted
  const id = 'shop/100% wool/ü'
  await call('POST /v1', formOf({ id }, await jpeg()))
  const path = `/${HASH}/${id.split('/').map(encodeURIComponent).join('/')}/public`
  expect(await statusOf(`${url}${path}`)).toBe(200)
})

test('an image that is to be uploaded is shown when it has been', async () => {
  const { call, url } = hosted
  const { id, uploadURL } = (await call('POST /v2/direct_upload', formOf({}))).result
  expect(await statusOf(`${url}/${HASH}/${id}/public`)).toBe(404)
  await call(`POST ${uploadURL}`, formOf({}, await jpeg()), '')
  expect(await statusOf(`${url}/${HASH}/${id}/public`)).toBe(200)
})
