import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  type CloudFrontApiServer,
  CREDENTIALS,
  DISTRIBUTION,
  startCloudFrontApi,
} from '../support/edge/cloudfront-api.ts'
import { formOf, HASH, type Hosted, jpeg, startHosted } from './hosted.ts'

const PATIENCE_MS = 20_000
let edge: CloudFrontApiServer
let hosted: Hosted

beforeAll(async () => {
  edge = await startCloudFrontApi({ clock: Date.now })
  hosted = await startHosted({
    HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: DISTRIBUTION,
    HALFTONE_CLOUDFRONT_ENDPOINT: edge.endpoint,
    HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    HALFTONE_PURGE_INTERVAL_MS: '100',
    HALFTONE_PURGE_BY: 'paths',
  })
  hosted.gateway.edge.start()
})
afterAll(async () => {
  await hosted.close()
  await edge.close()
})

const told = (item: string) => edge.invalidations.taken.filter(({ items }) => items.includes(item)).length

test('issue: the edge forgets an image that is hidden or deleted', async () => {
  const { result } = await hosted.call('POST /v1', formOf({}, await jpeg()))
  const paths = [
    `/cdn-cgi/imagedelivery/${HASH}/${result.id}/*`,
    `/${HASH}/${result.id}/*`,
    `/img/items/${result.id}/*`,
  ]
  const all = () => paths.map(told)
  // Of its coming, too: somebody may have been told that it is not there.
  await vi.waitFor(() => expect(all()).toEqual([0, 0, 1]), PATIENCE_MS)
  await hosted.call(`PATCH /v1/${result.id}`, { metadata: { a: 1 } })
  await hosted.call(`PATCH /v1/${result.id}`, { requireSignedURLs: true })
  await vi.waitFor(() => expect(all()).toEqual([1, 1, 2]), PATIENCE_MS)
  await hosted.call(`DELETE /v1/${result.id}`)
  await vi.waitFor(() => expect(all()).toEqual([2, 2, 3]), PATIENCE_MS)
})

test('issue: the edge forgets all images when a variant is changed or deleted, or a key', async () => {
  const all = () => [told(`/cdn-cgi/imagedelivery/${HASH}/*`), told(`/${HASH}/*`)]
  await hosted.call('POST /v1/variants', { id: 'thumb', options: { width: 100 } })
  await hosted.call('PUT /v1/keys/next')
  expect(all()).toEqual([0, 0])
  const changes = [
    ['PATCH /v1/variants/thumb', { options: { width: 200 } }],
    ['DELETE /v1/variants/thumb', undefined],
    ['DELETE /v1/keys/next', undefined],
    ['PATCH /v1/config', { flexible_variants: true }],
  ] as const
  for (const [index, [line, body]] of changes.entries()) {
    expect((await hosted.call(line, body)).status).toBe(200)
    await vi.waitFor(() => expect(all()).toEqual([index + 1, index + 1]), PATIENCE_MS)
  }
  for (const line of ['PATCH /v1/variants/thumb', 'DELETE /v1/variants/thumb'])
    expect((await hosted.call(line, line.startsWith('PATCH') ? { options: {} } : undefined)).status).toBe(404)
  expect(all()).toEqual([4, 4])
})
