import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  EDGE_CACHE_POLICIES,
  EDGE_ERROR_TTL_S,
  EDGE_FAILOVER_STATUSES,
  EDGE_HINT_HEADERS,
  EDGE_ORIGIN,
  EDGE_TAG_HEADER,
  type EdgeBehaviour,
  edgeBehaviours,
  type EdgeCachePolicy,
  type EdgeUse,
  GATEWAY_KEEP_ALIVE_S,
  MANAGED_POLICIES,
} from '../../src/cdn/distribution.ts'
import { SIGNED_TREE } from '../../src/cdn/public-urls.ts'
import { parseConfig } from '../../src/config.ts'
import { DRAWING_POLICY } from '../../src/http/picture-answer.ts'
import { Template } from './template.ts'

const behaviour = z.object({
  PathPattern: z.string().default('*'),
  TargetOriginId: z.string(),
  ViewerProtocolPolicy: z.literal('redirect-to-https'),
  AllowedMethods: z.array(z.string()),
  Compress: z.boolean(),
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
  DrawingsCache: 'drawings',
  CloudflareCache: 'cloudflare',
  HostedCache: 'hosted',
  [MANAGED_POLICIES.cachingDisabled]: 'disabled',
}

const FORWARDED: Readonly<Record<string, EdgeBehaviour['forwards']>> = {
  Hints: 'hints',
  [MANAGED_POLICIES.allViewerExceptHostHeader]: 'viewer',
}

/** The same in the terms of our table. */
function asBehaviour(found: z.infer<typeof behaviour>): Omit<EdgeBehaviour, 'bucketFirst'> {
  const { AllowedMethods: methods, FunctionAssociations: functions, OriginRequestPolicyId: forwarded } = found
  const negotiates = functions.some(
    ({ EventType, FunctionARN }) => EventType === 'viewer-request' && FunctionARN === 'Accept.FunctionARN',
  )
  return {
    pattern: found.PathPattern,
    methods: methods.join() === 'GET,HEAD' ? 'read' : 'all',
    cache: POLICIES[found.CachePolicyId] ?? 'disabled',
    forwards: forwarded === undefined ? 'nothing' : (FORWARDED[forwarded] ?? 'nothing'),
    negotiates,
  }
}

const HOSTING = { CloudflareAccountHash: 'Vi7wi5KSItxGFsWRG2Us6Q' }

describe.each<[string, Record<string, string>, EdgeUse]>([
  ['the gateway alone', {}, {}],
  ['the bucket first', { ...BUCKET_FIRST, ...HOSTING }, { accountHash: HOSTING.CloudflareAccountHash }],
  ['a gateway inside a VPC', { VpcOriginId: 'vo_1', HostPrefixes: 'a.example.com=a/' }, {}],
  ['our signature', { SigningKey: '-----BEGIN PUBLIC KEY-----' }, { signing: true }],
  ['hosted images', HOSTING, { accountHash: HOSTING.CloudflareAccountHash }],
  ['a mount', { CloudflareMount: '/images' }, { mount: '/images' }],
])('the distribution, %s', (_what, parameters, use) => {
  const config = configOf(parameters)
  const behaviours = [...config.CacheBehaviors, config.DefaultCacheBehavior]
  const signs = use.signing === true
  const wanted = edgeBehaviours(use)

  test('has the behaviours of the table, in its order', () => {
    expect(behaviours.map(asBehaviour)).toEqual(
      wanted.map((row) => ({ ...row, bucketFirst: undefined, usedFor: undefined })),
    )
  })

  test('compresses where whoever takes that has a copy of their own', () => {
    expect(behaviours.map(({ Compress }) => Compress)).toEqual(
      wanted.map(({ cache }) => cache !== 'disabled' && EDGE_CACHE_POLICIES[cache].gzip),
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
    for (const { ResponseHeadersPolicyId, CachePolicyId } of kept)
      expect(ResponseHeadersPolicyId).toBe(
        CachePolicyId === 'DrawingsCache' ? 'DrawingHeaders' : 'PictureHeaders',
      )
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

describe.each([
  ['ImagesCache', EDGE_CACHE_POLICIES.images],
  ['NegotiatedCache', EDGE_CACHE_POLICIES.negotiated],
  ['DrawingsCache', EDGE_CACHE_POLICIES.drawings],
  ['CloudflareCache', EDGE_CACHE_POLICIES.cloudflare],
  ['HostedCache', EDGE_CACHE_POLICIES.hosted],
] as const)('%s', (name, policy: EdgeCachePolicy) => {
  test.each(['', 'a.example.com=a/'])('is the policy of the table, with host prefixes %j', (HostPrefixes) => {
    const host = policy.byHost && HostPrefixes !== '' ? ['host'] : []
    const headers = [...policy.headers, ...host]
    expect(new Template('edge.yaml', { HostPrefixes, ...HOSTING }).find(name)).toMatchObject({
      CachePolicyConfig: {
        MinTTL: policy.minTtlS,
        DefaultTTL: policy.defaultTtlS,
        MaxTTL: policy.maxTtlS,
        ParametersInCacheKeyAndForwardedToOrigin: {
          EnableAcceptEncodingGzip: policy.gzip,
          EnableAcceptEncodingBrotli: false,
          HeadersConfig:
            headers.length === 0
              ? { HeaderBehavior: 'none' }
              : { HeaderBehavior: 'whitelist', Headers: headers },
          CookiesConfig: { CookieBehavior: 'none' },
          QueryStringsConfig: queriesOf(policy),
        },
      },
    })
  })
})

function queriesOf({ queries }: EdgeCachePolicy) {
  if (queries === 'all') return { QueryStringBehavior: 'all' }
  if (queries.length === 0) return { QueryStringBehavior: 'none' }
  return { QueryStringBehavior: 'whitelist', QueryStrings: queries }
}

test('hints reach the gateway, and nothing else that viewers say', () => {
  expect(new Template('edge.yaml').find('Hints')).toMatchObject({
    OriginRequestPolicyConfig: {
      HeadersConfig: { HeaderBehavior: 'whitelist', Headers: EDGE_HINT_HEADERS },
      CookiesConfig: { CookieBehavior: 'none' },
      QueryStringsConfig: { QueryStringBehavior: 'none' },
    },
  })
})

test.each([
  ['PictureHeaders', "default-src 'none'; sandbox"],
  ['DrawingHeaders', DRAWING_POLICY],
])('%s takes off the tags, and lets stand what the gateway says of a picture', (name, policy) => {
  expect(new Template('edge.yaml').find(name)).toMatchObject({
    ResponseHeadersPolicyConfig: {
      RemoveHeadersConfig: { Items: [{ Header: EDGE_TAG_HEADER }] },
      SecurityHeadersConfig: {
        ContentSecurityPolicy: { ContentSecurityPolicy: policy, Override: false },
      },
    },
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
