import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { type Prepared, presign, type RawRequest, send, sendSigned, signRequest } from './signed-request.ts'
import { BUCKET, createClient, OTHER_KEY, OTHER_SECRET, startTestOrigin } from './start-test-origin.ts'

const MINUTE = 60_000

/** Changes what was signed: each entry must make the request refused. */
interface Refusal {
  readonly what: string
  readonly raw?: Partial<RawRequest>
  readonly change?: (prepared: Prepared) => Prepared
  readonly status: number
  readonly code: string
}

const IN_HEADER: readonly Refusal[] = [
  { what: 'no signature', change: without('authorization'), status: 403, code: 'AccessDenied' },
  { what: 'wrong secret', raw: { secret: 'not-the-secret' }, status: 403, code: 'SignatureDoesNotMatch' },
  { what: "another key's secret", raw: { secret: OTHER_SECRET }, status: 403, code: 'SignatureDoesNotMatch' },
  { what: 'unknown key', raw: { accessKey: 'NOBODY' }, status: 403, code: 'InvalidAccessKeyId' },
  { what: '16 minutes slow', raw: { signedAt: ago(16) }, status: 403, code: 'RequestTimeTooSkewed' },
  { what: '16 minutes fast', raw: { signedAt: ago(-16) }, status: 403, code: 'RequestTimeTooSkewed' },
  { what: 'other region', raw: { region: 'eu-west-1' }, status: 400, code: 'AuthorizationHeaderMalformed' },
  {
    what: 'changed path',
    change: (sent) => ({ ...sent, path: `/${BUCKET}/b` }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'path spelled otherwise',
    change: (sent) => ({ ...sent, path: `/${BUCKET}/%61` }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'changed method',
    change: (sent) => ({ ...sent, method: 'DELETE' }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'added query',
    change: (sent) => ({ ...sent, path: `${sent.path}?x-id=GetObject` }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'added x-amz header',
    change: withHeader('x-amz-acl', 'private'),
    status: 403,
    code: 'AccessDenied',
  },
  {
    what: 'changed payload hash',
    change: withHeader('x-amz-content-sha256', 'UNSIGNED-PAYLOAD'),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'session token',
    raw: { headers: { 'x-amz-security-token': 'x' } },
    status: 400,
    code: 'InvalidToken',
  },
  {
    what: 'signature of version 2',
    change: withHeader('authorization', 'AWS key:abc'),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    what: 'another scheme',
    change: withHeader('authorization', 'Basic YTpi'),
    status: 400,
    code: 'AuthorizationHeaderMalformed',
  },
  {
    what: 'no credential',
    change: withHeader('authorization', 'AWS4-HMAC-SHA256 Signature=00'),
    status: 400,
    code: 'AuthorizationHeaderMalformed',
  },
  { what: 'no date', change: without('x-amz-date'), status: 403, code: 'AccessDenied' },
  {
    what: 'date that is none',
    change: withHeader('x-amz-date', '20250199T000000Z'),
    status: 403,
    code: 'AccessDenied',
  },
  { what: 'no payload hash', change: without('x-amz-content-sha256'), status: 400, code: 'InvalidRequest' },
  {
    what: 'both mechanisms',
    change: (sent) => ({ ...sent, path: `${sent.path}?X-Amz-Signature=0` }),
    status: 400,
    code: 'InvalidArgument',
  },
]

const IN_QUERY: readonly Refusal[] = [
  { what: 'wrong secret', raw: { secret: 'not-the-secret' }, status: 403, code: 'SignatureDoesNotMatch' },
  { what: 'unknown key', raw: { accessKey: 'NOBODY' }, status: 403, code: 'InvalidAccessKeyId' },
  { what: 'expired', raw: { signedAt: ago(6) }, status: 403, code: 'AccessDenied' },
  { what: 'not yet valid', raw: { signedAt: ago(-16) }, status: 403, code: 'AccessDenied' },
  {
    what: 'other region',
    raw: { region: 'eu-west-1' },
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    what: 'longer expiry',
    change: replacePath('Expires=300', 'Expires=301'),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'over a week',
    change: replacePath('Expires=300', 'Expires=604801'),
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    what: 'no expiry',
    change: replacePath('X-Amz-Expires=300', 'x-id=1'),
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    what: 'expiry that is none',
    change: replacePath('Expires=300', 'Expires=-1'),
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    what: 'other algorithm',
    change: replacePath('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'),
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    what: 'changed key',
    change: replacePath(`/${BUCKET}/a`, `/${BUCKET}/b`),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  { what: 'unsigned metadata', change: withHeader('x-amz-meta-a', 'b'), status: 403, code: 'AccessDenied' },
  {
    what: 'signature of version 2',
    change: (sent) => ({ ...sent, path: '/x?AWSAccessKeyId=a&Signature=b&Expires=1' }),
    status: 400,
    code: 'InvalidRequest',
  },
]

describe('a request that is not proved is refused', () => {
  test.each(IN_HEADER)('signed in the header: $what', async ({ raw, change = same, status, code }) => {
    const { url } = await startTestOrigin()
    const answer = await send(change(await signRequest({ url, path: `/${BUCKET}/a`, ...raw })))
    expect({ status: answer.status, code: answer.code }).toEqual({ status, code })
    expect(answer.headers['content-type']).toBe('application/xml')
    expect(answer.body.toString()).toContain(
      `<RequestId>${String(answer.headers['x-amz-request-id'])}</RequestId>`,
    )
    expect(answer.body.toString()).not.toContain(OTHER_SECRET)
  })

  test.each(IN_QUERY)('presigned: $what', async ({ raw, change = same, status, code }) => {
    const { url } = await startTestOrigin()
    const answer = await send(change(await presign({ url, path: `/${BUCKET}/a`, ...raw })))
    expect({ status: answer.status, code: answer.code }).toEqual({ status, code })
  })
})

describe('a request that is proved is served', () => {
  test('14 minutes slow or fast, in the header', async () => {
    const { url } = await startTestOrigin()
    for (const minutes of [14, -14]) {
      const answer = await sendSigned({ url, path: `/${BUCKET}/a`, signedAt: ago(minutes) })
      expect(answer.code).toBe('NoSuchKey')
    }
  })

  test('by every pair of credentials', async () => {
    const { url } = await startTestOrigin()
    const answer = await sendSigned({
      url,
      path: `/${BUCKET}`,
      method: 'HEAD',
      accessKey: OTHER_KEY,
      secret: OTHER_SECRET,
    })
    expect(answer.status).toBe(200)
  })

  test('with odd header values and a query that needs sorting and escaping', async () => {
    const { url } = await startTestOrigin()
    const query = { prefix: "a b+c/é'()*!~", 'list-type': '2', delimiter: '/' }
    const headers = { 'x-amz-meta-odd': '  two   spaces  ' }
    expect((await sendSigned({ url, path: `/${BUCKET}`, query, headers })).status).toBe(200)
    expect((await presigned({ url, path: `/${BUCKET}/`, query })).status).toBe(200)
  })

  test('presigned for a week, to its last moment', async () => {
    const { url } = await startTestOrigin()
    const almostAWeek = ago(7 * 24 * 60 - 1)
    expect((await presigned({ url, path: `/${BUCKET}/a`, signedAt: almostAWeek }, 604_800)).code).toBe(
      'NoSuchKey',
    )
  })

  test('a presigned PUT without a payload hash, with a signed type, read back by the SDK', async () => {
    const { url } = await startTestOrigin()
    const headers = { 'content-type': 'image/png' }
    const put = await presigned({ url, method: 'PUT', path: `/${BUCKET}/up.png`, headers, body: 'bytes' })
    expect(put.status).toBe(200)
    const got = await createClient(url).send(new GetObjectCommand({ Bucket: BUCKET, Key: 'up.png' }))
    expect(got.ContentType).toBe('image/png')
    expect(await got.Body?.transformToString()).toBe('bytes')
  })

  test('metadata moved into the query counts, a checksum moved there does not', async () => {
    const { url } = await startTestOrigin()
    const query = {
      'x-amz-meta-who': 'me',
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-sdk-checksum-algorithm': 'CRC32',
    }
    const put = await presigned({ url, method: 'PUT', path: `/${BUCKET}/up`, query, body: 'bytes' })
    expect(put.status).toBe(200)
    const head = await sendSigned({ url, method: 'HEAD', path: `/${BUCKET}/up` })
    expect(head.headers['x-amz-meta-who']).toBe('me')
  })

  test('by the SDK with either setting of checksums', async () => {
    const { url } = await startTestOrigin()
    for (const when of ['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const) {
      const client = createClient(url, { requestChecksumCalculation: when, responseChecksumValidation: when })
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: when, Body: when }))
      const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: when }))
      expect(await got.Body?.transformToString()).toBe(when)
      expect(got.ChecksumCRC32 !== undefined).toBe(when === 'WHEN_SUPPORTED')
    }
  })
})

describe('a presigned URL that was served before', () => {
  test('is served again until its time is over', async () => {
    let now = Date.now()
    const { url } = await startTestOrigin({ now: () => now })
    await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/key`, body: 'old' })
    const read = await presign({ url, path: `/${BUCKET}/key` }, 600)
    expect((await send(read)).body.toString()).toBe('old')
    await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/key`, body: 'new' })
    expect((await send(read)).body.toString()).toBe('new')
    now += 11 * MINUTE
    const late = await send(read)
    expect([late.status, late.code]).toEqual([403, 'AccessDenied'])
  })

  test.each<{ what: string; change: (prepared: Prepared) => Prepared; code: string }>([
    { what: 'another method', change: (read) => ({ ...read, method: 'PUT' }), code: 'SignatureDoesNotMatch' },
    { what: 'another key', change: replacePath('/key', '/other'), code: 'SignatureDoesNotMatch' },
    { what: 'another host', change: withHeader('host', 'example.com'), code: 'SignatureDoesNotMatch' },
    {
      what: 'another time',
      change: replacePath('Expires=600', 'Expires=601'),
      code: 'SignatureDoesNotMatch',
    },
    { what: 'a header with a meaning', change: withHeader('x-amz-acl', 'private'), code: 'AccessDenied' },
    { what: 'a second claim', change: withHeader('authorization', 'AWS4'), code: 'InvalidArgument' },
  ])('is refused with $what', async ({ change, code }) => {
    const { url } = await startTestOrigin()
    for (const key of ['key', 'other'])
      await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${key}`, body: key })
    const read = await presign({ url, path: `/${BUCKET}/key` }, 600)
    expect((await send(read)).status).toBe(200)
    const refused = await send(change(read))
    expect([refused.status >= 400, refused.code]).toEqual([true, code])
    expect((await send(read)).status).toBe(200)
  })
})

test('health needs no signature, and nothing else goes without one', async () => {
  const { url } = await startTestOrigin()
  expect((await fetch(`${url}/-/health`)).status).toBe(200)
  for (const path of ['/', '/-/', `/${BUCKET}`, `/${BUCKET}/a`, '/-/health?x=1']) {
    expect((await fetch(url + path)).status).toBe(403)
  }
})

function same(prepared: Prepared): Prepared {
  return prepared
}

function ago(minutes: number): Date {
  return new Date(Date.now() - minutes * MINUTE)
}

function without(name: string) {
  return (sent: Prepared): Prepared => ({
    ...sent,
    headers: Object.fromEntries(Object.entries(sent.headers).filter(([header]) => header !== name)),
  })
}

function withHeader(name: string, value: string) {
  return (sent: Prepared): Prepared => ({ ...sent, headers: { ...sent.headers, [name]: value } })
}

function replacePath(from: string, to: string) {
  return (sent: Prepared): Prepared => ({ ...sent, path: sent.path.replace(from, to) })
}

async function presigned(raw: RawRequest, expiresIn?: number): ReturnType<typeof send> {
  return send(await presign(raw, expiresIn))
}
