import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  type CloudFrontApiServer,
  CREDENTIALS,
  DISTRIBUTION,
  startCloudFrontApi,
} from '../support/edge/cloudfront-api.ts'
import { HASH, type Hosted, startHosted } from './hosted.ts'

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
    HALFTONE_PURGE_BY: 'tags',
  })
  hosted.gateway.edge.start()
})
afterAll(async () => {
  await hosted.close()
  await edge.close()
})

const told = () => edge.invalidations.taken.flatMap(({ items }) => items)

test('an edge that reads tags forgets one variant when that is changed or deleted, and no other', async () => {
  await hosted.call('POST /v1/variants', { id: 'thumb', options: { width: 100 } })
  await hosted.call('PATCH /v1/variants/thumb', { options: { width: 200 } })
  await vi.waitFor(() => expect(told()).toEqual(['#variant:thumb']), PATIENCE_MS)
  await hosted.call('DELETE /v1/variants/thumb')
  await vi.waitFor(() => expect(told()).toEqual(['#variant:thumb', '#variant:thumb']), PATIENCE_MS)
  await hosted.call('PATCH /v1/config', { flexible_variants: true })
  await vi.waitFor(() => expect(told()).toContain(`/${HASH}/*`), PATIENCE_MS)
})
