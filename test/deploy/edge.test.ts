import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  EDGE_BEHAVIOURS,
  EDGE_CACHE_POLICIES,
  EDGE_ERROR_TTL_S,
  EDGE_FAILOVER_STATUSES,
  EDGE_ORIGIN,
  EDGE_TAG_HEADER,
  type EdgeBehaviour,
  type EdgeCachePolicy,
  GATEWAY_KEEP_ALIVE_S,
  MANAGED_POLICIES,
} from '../../src/cdn/distribution.ts'
import { SIGNED_TREE } from '../../src/cdn/public-urls.ts'
import { parseConfig } from '../../src/config.ts'
import { Template } from './template.ts'

const behaviour = z.object({
  PathPattern: z.string().default('*'),
  TargetOriginId: z.string(),
  ViewerProtocolPolicy: z.literal('redirect-to-https'),
  AllowedMethods: z.array(z.string()),
  Compress: z.literal(false),
  CachePolicyId: z.string(),
  OriginRequestPolicyId: z.string().optional(),
  ResponseHeadersPolicyId: z.string().optional(),
  TrustedKeyGroups: z.array(z.string()).optional(),
  FunctionAssociations: z.array(z.object({ EventType: z.string(), FunctionARN: z.string() })).default([]),
})

const connection = z.object({ OriginReadTimeout: z.number(), OriginKeepaliveTimeout: z.number() })

const origin = z.object({
  Id: z.string(),
  ConnectionAttempts: z.number(),
  ConnectionTimeout: z.number(),
  ResponseCompletionTimeout: z.number().optional(),
  CustomOriginConfig: connection.extend({ OriginProtocolPolicy: z.literal('https-only') }).optional(),
  VpcOriginConfig: connection.optional(),
  OriginAccessControlId: z.string().optional(),
  OriginShield: z.object({ Enabled: z.literal(true) }),
  OriginCustomHeaders: z.array(z.object({ HeaderName: z.string(), HeaderValue: z.string() })).default([]),
})

const distribution = z.object({
  DistributionConfig: z.object({
    CacheTagConfig: z.object({ HeaderName: z.string() }),
    Origins: z.array(origin),
    OriginGroups: z
      .object({
        Items: z.array(
          z.object({
            Id: z.string(),
            FailoverCriteria: z.object({
              StatusCodes: z.object({ Quantity: z.number(), Items: z.array(z.number()) }),
            }),
            Members: z.object({ Items: z.array(z.object({ OriginId: z.string() })) }),
          }),
        ),
      })
      .optional(),
    CacheBehaviors: z.array(behaviour),
    DefaultCacheBehavior: behaviour,
    CustomErrorResponses: z.array(z.strictObject({ ErrorCode: z.number(), ErrorCachingMinTTL: z.number() })),
  }),
})

const BUCKET_FIRST = { BucketDomain: 'pictures.s3.eu-central-1.amazonaws.com' }

function configOf(parameters: Record<string, string>) {
  return distribution.parse(new Template('edge.yaml', parameters).find('Distribution')).DistributionConfig
}

const POLICIES: Readonly<Record<string, EdgeBehaviour['cache']>> = {
  ImagesCache: 'images',
  NegotiatedCache: 'negotiated',
  [MANAGED_POLICIES.cachingDisabled]: 'disabled',
}

/** The same in the terms of our table. */
function asBehaviour(found: z.infer<typeof behaviour>): Omit<EdgeBehaviour, 'bucketFirst'> {
  const { AllowedMethods: methods, FunctionAssociations: functions } = found
  const negotiates = functions.some(
    ({ EventType, FunctionARN }) => EventType === 'viewer-request' && FunctionARN === 'Accept.FunctionARN',
  )
  return {
    pattern: found.PathPattern,
    methods: methods.join() === 'GET,HEAD' ? 'read' : 'all',
    cache: POLICIES[found.CachePolicyId] ?? 'disabled',
    forwardsViewer: found.OriginRequestPolicyId === MANAGED_POLICIES.allViewerExceptHostHeader,
    negotiates,
  }
}

describe.each([
  ['the gateway alone', {}],
  ['the bucket first', BUCKET_FIRST],
  ['a gateway inside a VPC', { VpcOriginId: 'vo_1' }],
  ['our signature', { SigningKey: '-----BEGIN PUBLIC KEY-----' }],
])('the distribution, %s', (_what, parameters: Record<string, string>) => {
  const config = configOf(parameters)
  const behaviours = [...config.CacheBehaviors, config.DefaultCacheBehavior]
  const signs = 'SigningKey' in parameters
  const wanted = EDGE_BEHAVIOURS.filter(({ signed }) => signs || !signed)

  test('has the behaviours of the table, in its order', () => {
    expect(behaviours.map(asBehaviour)).toEqual(
      wanted.map((row) => ({ ...row, bucketFirst: undefined, signed: undefined })),
    )
  })

  test('lets nobody through without our signature where it is signed for, and everybody elsewhere', () => {
    const guarded = behaviours.filter(({ TrustedKeyGroups }) => TrustedKeyGroups?.join() === 'Keys')
    expect(guarded.map(({ PathPattern }) => PathPattern)).toEqual(signs ? [`${SIGNED_TREE}/*`] : [])
  })

  test('asks the bucket first where that was chosen and the table allows it', () => {
    const isChosen = 'BucketDomain' in parameters
    const expected = wanted.map(({ bucketFirst }) => (isChosen && bucketFirst ? 'bucket-first' : 'gateway'))
    expect(behaviours.map(({ TargetOriginId }) => TargetOriginId)).toEqual(expected)
    const groups = config.OriginGroups?.Items ?? []
    expect(groups.map(({ Members }) => Members.Items.map(({ OriginId }) => OriginId))).toEqual(
      isChosen ? [['bucket', 'gateway']] : [],
    )
    for (const { FailoverCriteria } of groups) {
      expect(FailoverCriteria.StatusCodes.Items).toEqual(EDGE_FAILOVER_STATUSES)
      expect(FailoverCriteria.StatusCodes.Quantity).toBe(EDGE_FAILOVER_STATUSES.length)
    }
  })

  test('takes the tags off all that it keeps', () => {
    const kept = behaviours.filter(({ CachePolicyId }) => CachePolicyId !== MANAGED_POLICIES.cachingDisabled)
    for (const { ResponseHeadersPolicyId } of kept) expect(ResponseHeadersPolicyId).toBe('PictureHeaders')
    expect(config.CacheTagConfig.HeaderName).toBe(EDGE_TAG_HEADER)
  })

  test('keeps errors no longer than the table says', () => {
    const kept = config.CustomErrorResponses.map(({ ErrorCode, ErrorCachingMinTTL }) => [
      ErrorCode,
      ErrorCachingMinTTL,
    ])
    expect(Object.fromEntries(kept)).toEqual(EDGE_ERROR_TTL_S)
  })

  test('asks the gateway as the table says, with the secret', () => {
    const gateway = config.Origins.find(({ Id }) => Id === 'gateway')
    expect(gateway).toMatchObject({
      ConnectionAttempts: EDGE_ORIGIN.connectionAttempts,
      ConnectionTimeout: EDGE_ORIGIN.connectionTimeoutS,
      ResponseCompletionTimeout: EDGE_ORIGIN.completionTimeoutS,
    })
    expect(gateway?.VpcOriginConfig ?? gateway?.CustomOriginConfig).toMatchObject({
      OriginReadTimeout: EDGE_ORIGIN.readTimeoutS,
      OriginKeepaliveTimeout: EDGE_ORIGIN.keepAliveS,
    })
    expect(gateway?.OriginCustomHeaders).toEqual([
      {
        HeaderName: EDGE_ORIGIN.secretHeader,
        // Worked out by CloudFormation when it deploys: it stands in no template and no parameter.
        HeaderValue: expect.stringMatching(/^\{\{resolve:secretsmanager:.+:SecretString:originSecret\}\}$/),
      },
    ])
  })
})

test('no answer is on its way for longer than the second purge waits', () => {
  const { HALFTONE_EDGE_COMPLETION_S } = parseConfig({ HALFTONE_BUCKET: 'test' })
  const { Origins } = configOf(BUCKET_FIRST)
  expect(Origins).toHaveLength(2)
  for (const { ResponseCompletionTimeout } of Origins)
    expect(ResponseCompletionTimeout).toBeLessThanOrEqual(HALFTONE_EDGE_COMPLETION_S)
})

test('the bucket is told nothing of the gateway, and is asked in the name of the distribution', () => {
  const bucket = configOf(BUCKET_FIRST).Origins.find(({ Id }) => Id === 'bucket')
  expect(bucket).toMatchObject({ OriginAccessControlId: 'BucketAccess.Id', OriginCustomHeaders: [] })
})

test.each([
  ['ImagesCache', EDGE_CACHE_POLICIES.images],
  ['NegotiatedCache', EDGE_CACHE_POLICIES.negotiated],
] as const)('%s is the policy of the table', (name, policy: EdgeCachePolicy) => {
  const key = policy.headers.length > 0 ? { HeaderBehavior: 'whitelist', Headers: policy.headers } : undefined
  expect(new Template('edge.yaml').find(name)).toMatchObject({
    CachePolicyConfig: {
      MinTTL: policy.minTtlS,
      DefaultTTL: policy.defaultTtlS,
      MaxTTL: policy.maxTtlS,
      ParametersInCacheKeyAndForwardedToOrigin: {
        EnableAcceptEncodingGzip: false,
        EnableAcceptEncodingBrotli: false,
        HeadersConfig: key ?? { HeaderBehavior: 'none' },
        CookiesConfig: { CookieBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: 'none' },
      },
    },
  })
  expect(policy.queries).toEqual([])
})

test('the headers policy takes off the tags', () => {
  expect(new Template('edge.yaml').find('PictureHeaders')).toMatchObject({
    ResponseHeadersPolicyConfig: { RemoveHeadersConfig: { Items: [{ Header: EDGE_TAG_HEADER }] } },
  })
})

describe('whoever is asked on an idle connection is the last to close it', () => {
  test('distribution, load balancer, gateway', () => {
    const balancer = z
      .object({ LoadBalancerAttributes: z.array(z.object({ Key: z.string(), Value: z.string() })) })
      .parse(new Template('service.yaml').find('Balancer'))
    const idle = balancer.LoadBalancerAttributes.find(({ Key }) => Key === 'idle_timeout.timeout_seconds')
    expect(EDGE_ORIGIN.keepAliveS).toBeLessThan(Number(idle?.Value))
    expect(Number(idle?.Value)).toBeLessThan(GATEWAY_KEEP_ALIVE_S)
  })

  test('and the distribution waits longer for an answer than the gateway for itself', () => {
    const { HALFTONE_REQUEST_TIMEOUT_MS } = parseConfig({ HALFTONE_BUCKET: 'test' })
    expect(EDGE_ORIGIN.readTimeoutS * 1000).toBeGreaterThan(HALFTONE_REQUEST_TIMEOUT_MS)
  })
})
