import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { type RawAnswer, send, sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const PUBLIC = statement({})

function statement(change: Record<string, unknown>): Record<string, unknown> {
  return {
    Sid: 'PublicRead',
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${BUCKET}/img/*`,
    ...change,
  }
}

function policyOf(...statements: unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

function putPolicy(url: string, body: string): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: `/${BUCKET}`, query: { policy: '' }, body })
}

function anonymous(url: string, path: string, method = 'GET', headers = {}): Promise<RawAnswer> {
  return send({ url, method, path, headers, body: method === 'PUT' ? 'x' : undefined })
}

/** An origin that shows `img/` to everyone, with some keys. */
async function publicOrigin(directory = temporaryDirectory()): Promise<string> {
  const { url } = await startTestOrigin({ directory })
  const client = createClient(url)
  for (const Key of ['img/a', 'private/a', 'im', 'img']) {
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key, Tagging: 'a=b' }))
  }
  await client.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: policyOf(PUBLIC) }))
  return url
}

describe('anyone', () => {
  test('reads under the prefix, in part and conditionally too, and not the tags', async () => {
    const url = await publicOrigin()
    const whole = await anonymous(url, `/${BUCKET}/img/a`)
    expect([whole.status, whole.body.toString()]).toEqual([200, 'img/a'])
    expect(whole.headers['x-amz-tagging-count']).toBeUndefined()
    expect((await sendSigned({ url, path: `/${BUCKET}/img/a` })).headers['x-amz-tagging-count']).toBe('1')
    const part = await anonymous(url, `/${BUCKET}/img/a`, 'GET', { range: 'bytes=1-2' })
    expect([part.status, part.body.toString()]).toEqual([206, 'mg'])
    const { etag = '' } = whole.headers
    expect((await anonymous(url, `/${BUCKET}/img/a`, 'GET', { 'if-none-match': etag })).status).toBe(304)
    const head = await anonymous(url, `/${BUCKET}/img/a?x-id=HeadObject`, 'HEAD')
    expect([head.status, head.headers['content-length']]).toEqual([200, '5'])
  })

  test.each([
    ['GET', '/private/a'],
    ['GET', '/img'],
    ['GET', '/im'],
    ['GET', '/img/missing'],
    ['HEAD', '/private/a'],
    ['GET', ''],
    ['GET', '/'],
    ['GET', '?policy'],
    ['GET', '/img/a?tagging'],
    ['GET', '/img/a?versionId=null'],
    ['GET', '/img/a?response-content-type=text/html'],
    ['GET', '/img/a?x-amz-tagging=a'],
    ['PUT', '/img/a'],
    ['PUT', '/img/b'],
    ['POST', '/img/a'],
    ['DELETE', '/img/a'],
    ['HEAD', ''],
  ])('%s %s is denied', async (method, path) => {
    const url = await publicOrigin()
    const answer = await anonymous(url, `/${BUCKET}${path}`, method)
    expect(answer.status).toBe(403)
    expect(answer.code).toBe(method === 'HEAD' ? undefined : 'AccessDenied')
    expect((await sendSigned({ url, path: `/${BUCKET}/img/a` })).body.toString()).toBe('img/a')
  })

  test('is not whoever signs wrongly', async () => {
    const url = await publicOrigin()
    const path = `/${BUCKET}/img/a`
    expect((await sendSigned({ url, path, secret: 'wrong-secret' })).code).toBe('SignatureDoesNotMatch')
    expect((await anonymous(url, `${path}?X-Amz-Signature=0`)).code).toBe('AuthorizationQueryParametersError')
    expect((await anonymous(url, path, 'GET', { 'x-amz-security-token': 'x' })).code).toBe('InvalidToken')
  })
})

describe('the policy', () => {
  test('is given back as it was sent, survives a restart, and ends with its removal', async () => {
    const directory = temporaryDirectory()
    const first = await startTestOrigin({ directory })
    const client = createClient(first.url)
    const get = new GetBucketPolicyCommand({ Bucket: BUCKET })
    const status = new GetBucketPolicyStatusCommand({ Bucket: BUCKET })
    await expect(client.send(get)).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' })
    await expect(client.send(status)).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' })
    const policy = ` ${policyOf(PUBLIC)}\n`
    expect((await putPolicy(first.url, policy)).status).toBe(204)
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'img/a', Body: 'x' }))
    await first.close()

    const { url } = await startTestOrigin({ directory })
    const again = createClient(url)
    expect((await again.send(get)).Policy).toBe(policy)
    expect((await again.send(status)).PolicyStatus?.IsPublic).toBe(true)
    expect((await anonymous(url, `/${BUCKET}/img/a`)).status).toBe(200)
    await again.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }))
    expect((await anonymous(url, `/${BUCKET}/img/a`)).code).toBe('AccessDenied')
    await expect(again.send(get)).rejects.toMatchObject({ name: 'NoSuchBucketPolicy' })
  })

  test.each([
    [
      'a list of resources',
      [statement({ Resource: [`arn:aws:s3:::${BUCKET}/x*`, `arn:aws:s3:::${BUCKET}/img/a`] })],
    ],
    ['the whole bucket', [statement({ Resource: `arn:aws:s3:::${BUCKET}/*`, Sid: undefined })]],
    ['principals and actions as lists', [statement({ Principal: { AWS: ['*'] }, Action: ['s3:GetObject'] })]],
    ['two statements', [statement({ Resource: `arn:aws:s3:::${BUCKET}/x` }), PUBLIC]],
  ])('may have %s', async (_what, statements) => {
    const url = await publicOrigin()
    expect((await putPolicy(url, policyOf(...statements))).status).toBe(204)
    expect((await anonymous(url, `/${BUCKET}/img/a`)).status).toBe(200)
  })

  test('a key is that key alone', async () => {
    const url = await publicOrigin()
    await putPolicy(url, policyOf(statement({ Resource: `arn:aws:s3:::${BUCKET}/im` })))
    expect((await anonymous(url, `/${BUCKET}/im`)).status).toBe(200)
    expect((await anonymous(url, `/${BUCKET}/img`)).code).toBe('AccessDenied')
  })

  const refusals: readonly [what: string, policy: string, code: string][] = [
    ['nothing', '', 'MalformedPolicy'],
    ['no JSON', '{', 'MalformedPolicy'],
    ['a list', '[]', 'MalformedPolicy'],
    ['no statement', policyOf(), 'MalformedPolicy'],
    ['a statement that is none', policyOf('Allow'), 'MalformedPolicy'],
    ['an unknown version', JSON.stringify({ Version: '2024-01-01', Statement: [PUBLIC] }), 'MalformedPolicy'],
    ['an unknown field', JSON.stringify({ Statement: [PUBLIC], Extra: 1 }), 'MalformedPolicy'],
    ['an unknown field of a statement', policyOf(statement({ Extra: 1 })), 'MalformedPolicy'],
    ['an ID that is no text', JSON.stringify({ Id: 1, Statement: [PUBLIC] }), 'MalformedPolicy'],
    ['a Sid that is no text', policyOf(statement({ Sid: 1 })), 'MalformedPolicy'],
    ['an unknown effect', policyOf(statement({ Effect: 'allow' })), 'MalformedPolicy'],
    ['no principal', policyOf(statement({ Principal: undefined })), 'MalformedPolicy'],
    ['a principal that is none', policyOf(statement({ Principal: 'me' })), 'MalformedPolicy'],
    ['no action', policyOf(statement({ Action: [] })), 'MalformedPolicy'],
    ['an action of another service', policyOf(statement({ Action: 'ec2:Run' })), 'MalformedPolicy'],
    ['an action that is no text', policyOf(statement({ Action: [1] })), 'MalformedPolicy'],
    ['no resource', policyOf(statement({ Resource: undefined })), 'MalformedPolicy'],
    [
      "another bucket's objects",
      policyOf(statement({ Resource: 'arn:aws:s3:::other/*' })),
      'MalformedPolicy',
    ],
    ['the bucket itself', policyOf(statement({ Resource: `arn:aws:s3:::${BUCKET}` })), 'MalformedPolicy'],
    ['no key', policyOf(statement({ Resource: `arn:aws:s3:::${BUCKET}/` })), 'MalformedPolicy'],
    ['too many bytes', policyOf(statement({ Sid: 'x'.repeat(20 * 1024) })), 'MalformedPolicy'],
    ['a denial', policyOf(PUBLIC, statement({ Effect: 'Deny' })), 'NotImplemented'],
    ['a condition', policyOf(statement({ Condition: {} })), 'NotImplemented'],
    ['the opposite of resources', policyOf(statement({ NotResource: 'x' })), 'NotImplemented'],
    ['one account', policyOf(statement({ Principal: { AWS: 'arn:aws:iam::1:root' } })), 'NotImplemented'],
    ['a service', policyOf(statement({ Principal: { Service: 'x' } })), 'NotImplemented'],
    ['writes', policyOf(statement({ Action: ['s3:GetObject', 's3:PutObject'] })), 'NotImplemented'],
    ['all actions', policyOf(statement({ Action: 's3:*' })), 'NotImplemented'],
    ['a wildcard within', policyOf(statement({ Resource: `arn:aws:s3:::${BUCKET}/*/a` })), 'NotImplemented'],
    ['a question mark', policyOf(statement({ Resource: `arn:aws:s3:::${BUCKET}/a?*` })), 'NotImplemented'],
    [
      'a variable',
      policyOf(statement({ Resource: `arn:aws:s3:::${BUCKET}/\${aws:username}/*` })),
      'NotImplemented',
    ],
  ]
  test.each(refusals)('refuses %s, and keeps what there was', async (_what, policy, code) => {
    const url = await publicOrigin()
    expect((await putPolicy(url, policy)).code).toBe(code)
    const kept = await createClient(url).send(new GetBucketPolicyCommand({ Bucket: BUCKET }))
    expect(kept.Policy).toBe(policyOf(PUBLIC))
  })
})
