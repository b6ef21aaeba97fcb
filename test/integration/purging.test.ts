import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { createClock } from '../../src/leases/clock.ts'
import { createEdgePurges } from '../../src/purging/hand-over.ts'
import { readPurgeStatus } from '../../src/purging/status.ts'
import {
  type CloudFrontApiServer,
  CREDENTIALS,
  DISTRIBUTION,
  startCloudFrontApi,
} from '../support/edge/cloudfront-api.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { putItem } from '../support/library.ts'

const PATIENCE_MS = 10_000

const clock = createClock(() => 0)
const status = async (bucket: TestGateway['bucket']) => readPurgeStatus(bucket, clock)

let server: CloudFrontApiServer
let gateway: TestGateway

beforeEach(async () => {
  server = await startCloudFrontApi({ clock: Date.now })
  gateway = await startGateway()
})

afterEach(async () => {
  await gateway.close()
  await server.close()
})

const startGateway = async (environment: Record<string, string> = {}) =>
  createTestGateway({
    environment: {
      HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: DISTRIBUTION,
      HALFTONE_CLOUDFRONT_ENDPOINT: server.endpoint,
      HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      HALFTONE_PURGE_INTERVAL_MS: '100',
      ...environment,
    },
  })

describe('what is told of a folder', () => {
  const HOSTING = { HALFTONE_CLOUDFLARE_ACCOUNT: 'account', HALFTONE_CLOUDFLARE_ACCOUNT_HASH: 'hash' }
  test.each<[string, Record<string, string>, readonly string[]]>([
    ['Cloudflare’s URLs', {}, ['/cdn-cgi/image/*']],
    [
      'where they are mounted',
      { HALFTONE_CLOUDFLARE_MOUNTS: '/cdn-cgi/image,/images~eu' },
      ['/cdn-cgi/image/*', '/images*'],
    ],
    ['no such URLs', { HALFTONE_CLOUDFLARE_MOUNTS: 'none' }, []],
    ['hosted images', HOSTING, ['/cdn-cgi/image/*', '/cdn-cgi/imagedelivery/*', '/hash/*']],
    ['signed paths', { HALFTONE_SIGNING_KEYS: 'k'.repeat(32) }, ['/simg/*', '/cdn-cgi/image/*']],
    ['an edge that is told of paths keeps them for an hour', { HALFTONE_PURGE_BY: 'paths' }, []],
  ])('%s', async (_, environment, elsewhere) => {
    const one = await startGateway(environment)
    await forget(one.bucket, ['photos/'], undefined, {
      edgePurges: createEdgePurges({ store: one.bucket, clock }),
    })
    await one.journal.read()
    one.edge.start()
    const told = () => server.invalidations.taken.flatMap(({ items }) => items)
    const expected = ['/img/photos/*', ...elsewhere]
    await vi.waitFor(() => expect(told().toSorted()).toEqual(expected.toSorted()), PATIENCE_MS)
    await one.close()
  })
})

describe('requirements: Flows – a gateway with a distribution', () => {
  test('sends what a command has handed over, by the tags that its answers carry', async () => {
    const { bucket } = gateway
    await putItem(bucket, '42', ['#c02020'])
    const { headers } = await gateway.fetch('/img/items/42/320.webp')
    expect(headers.get('cache-control')).toContain('s-maxage=2592000')
    const edge = createEdgePurges({ store: bucket, clock })
    await forget(bucket, ['items/42', 'items/42/photos/p1'], undefined, { edgePurges: edge })
    await gateway.journal.read()
    gateway.edge.start()
    await vi.waitFor(
      async () => expect(await status(bucket)).toMatchObject({ waiting: 0, sent: 1 }),
      PATIENCE_MS,
    )
    const items = server.invalidations.taken.flatMap((invalidation) => invalidation.items)
    expect(items).toEqual(['#item:42'])
    expect(headers.get('x-amz-meta-cache-tag')?.split(',')).toContain('item:42')
  })

  test('that refuses it serves and keeps the purge', async () => {
    const { bucket } = gateway
    await putItem(bucket, '42', ['#c02020'])
    server.invalidations.fail(1000, 403, 'AccessDenied')
    await createEdgePurges({ store: bucket, clock }).handOver({ id: 'p', paths: ['items/42'] })
    gateway.edge.start()
    const denied = { waiting: 1, sent: 0, refusal: { reason: 'denied' } }
    await vi.waitFor(async () => expect(await status(bucket)).toMatchObject(denied), PATIENCE_MS)
    expect((await gateway.fetch('/img/items/42/320.webp')).status).toBe(200)
  })
})
