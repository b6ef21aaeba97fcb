import {
  CloudFrontClient,
  CreateDistributionCommand,
  type DistributionConfig,
  GetInvalidationCommand,
} from '@aws-sdk/client-cloudfront'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCloudFrontApi } from '../../src/purging/cloudfront-api.ts'

const { S3_TEST_ENDPOINT: endpoint = 'http://127.0.0.1:1', S3_TEST_SERVER: server } = process.env
const REASON =
  server === undefined ? 'left out here: npm run test:foreign starts a server that has distributions' : ''

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const timeoutMs = 10_000

const distribution = (): DistributionConfig => ({
  CallerReference: randomUUID(),
  Comment: '',
  Enabled: true,
  Origins: {
    Quantity: 1,
    Items: [
      {
        Id: 'gateway',
        DomainName: 'gateway.example.com',
        CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' },
      },
    ],
  },
  DefaultCacheBehavior: { TargetOriginId: 'gateway', ViewerProtocolPolicy: 'redirect-to-https' },
})

describe.skipIf(server === undefined)(`invalidations of a server that we did not write ${REASON}`, () => {
  const client = new CloudFrontClient({ endpoint, region: 'us-east-1', credentials })
  let distributionId = ''

  beforeAll(async () => {
    const made = await client.send(new CreateDistributionCommand({ DistributionConfig: distribution() }))
    distributionId = made.Distribution?.Id ?? ''
  })
  afterAll(() => client.destroy())

  test('tags, paths and wildcards arrive as they were sent', async () => {
    const api = createCloudFrontApi({ distributionId, endpoint, credentials, timeoutMs })
    const items = ['#item:42', '/img/a%20b.jpg/800.webp?x=1&y=2', '/img/items/7/*']
    const { id } = await api.invalidate('reference', items)
    const read = await client.send(new GetInvalidationCommand({ DistributionId: distributionId, Id: id }))
    const { CallerReference, Paths } = read.Invalidation?.InvalidationBatch ?? {}
    expect({ CallerReference, items: Paths?.Items }).toEqual({ CallerReference: 'reference', items })
    api.close()
  })

  test('of a distribution that is not there are refused so', async () => {
    const api = createCloudFrontApi({ distributionId: 'E0NOWHERE', endpoint, credentials, timeoutMs })
    await expect(api.invalidate('reference', ['#item:42'])).rejects.toMatchObject({
      reason: 'no-distribution',
    })
    api.close()
  })
})
