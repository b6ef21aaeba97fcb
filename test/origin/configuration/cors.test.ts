import { createHash } from 'node:crypto'
import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  type CORSRule,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { type RawAnswer, send, sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const SITE = 'https://shop.example'
const PATH = `/${BUCKET}/a`
const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

const UPLOADS: CORSRule = {
  ID: 'uploads',
  AllowedOrigins: [SITE, 'https://*.shop.example'],
  AllowedMethods: ['PUT', 'POST'],
  AllowedHeaders: ['Content-Type', 'x-amz-*'],
  ExposeHeaders: ['ETag', 'x-amz-request-id'],
  MaxAgeSeconds: 600,
}
const READS: CORSRule = { AllowedOrigins: ['*'], AllowedMethods: ['GET'], AllowedHeaders: ['*'] }

/** An origin whose bucket has rules. */
async function originWith(rules: readonly CORSRule[]): Promise<string> {
  const { url } = await startTestOrigin()
  await createClient(url).send(
    new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration: { CORSRules: [...rules] } }),
  )
  return url
}

async function ask(url: string, headers: Record<string, string>, path = PATH): Promise<RawAnswer> {
  return send({ url, method: 'OPTIONS', path, headers, body: undefined })
}

function preflight(url: string, origin: string, method: string, names?: string): Promise<RawAnswer> {
  return ask(url, {
    origin,
    'access-control-request-method': method,
    ...(names !== undefined && { 'access-control-request-headers': names }),
  })
}

function accessHeaders({ headers }: RawAnswer): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))
}

describe('the configuration', () => {
  test('is put, read back, survives a restart, and is removed', async () => {
    const directory = temporaryDirectory()
    const first = await startTestOrigin({ directory })
    const client = createClient(first.url)
    const get = new GetBucketCorsCommand({ Bucket: BUCKET })
    await expect(client.send(get)).rejects.toMatchObject({ name: 'NoSuchCORSConfiguration' })
    const rules = [UPLOADS, READS]
    await client.send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration: { CORSRules: rules } }))
    expect((await client.send(get)).CORSRules).toEqual(rules)
    await first.close()

    const second = await startTestOrigin({ directory })
    const again = createClient(second.url)
    expect((await again.send(get)).CORSRules).toEqual(rules)
    await again.send(new DeleteBucketCorsCommand({ Bucket: BUCKET }))
    await expect(again.send(get)).rejects.toMatchObject({ name: 'NoSuchCORSConfiguration' })
    expect((await preflight(second.url, SITE, 'PUT')).code).toBe('AccessForbidden')
  })

  const rule = (inner: string): string =>
    `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>${inner}</CORSRule></CORSConfiguration>`
  const minimal = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>'
  const refusals: readonly [what: string, document: string, code: string][] = [
    ['nothing', '', 'MalformedXML'],
    ['no XML', 'CORS, please', 'MalformedXML'],
    ['another root', '<CorsConfiguration/>', 'MalformedXML'],
    ['no rule', '<CORSConfiguration/>', 'MalformedXML'],
    ['an unknown element', rule(`${minimal}<AllowedPort>80</AllowedPort>`), 'MalformedXML'],
    ['text between elements', rule(`${minimal}hello`), 'MalformedXML'],
    ['no method', rule('<AllowedOrigin>*</AllowedOrigin>'), 'MalformedXML'],
    ['no origin', rule('<AllowedMethod>GET</AllowedMethod>'), 'MalformedXML'],
    ['a negative age', rule(`${minimal}<MaxAgeSeconds>-1</MaxAgeSeconds>`), 'MalformedXML'],
    ['two ages', rule(minimal + '<MaxAgeSeconds>1</MaxAgeSeconds>'.repeat(2)), 'MalformedXML'],
    ['another method', rule(`${minimal}<AllowedMethod>PATCH</AllowedMethod>`), 'InvalidRequest'],
    ['two wildcards', rule(`${minimal}<AllowedOrigin>*.a.*</AllowedOrigin>`), 'InvalidRequest'],
    ['two wildcards in a header', rule(`${minimal}<AllowedHeader>*a*</AllowedHeader>`), 'InvalidRequest'],
    ['an exposed wildcard', rule(`${minimal}<ExposeHeader>x-*</ExposeHeader>`), 'InvalidRequest'],
    ['a line break', rule(`${minimal}<ExposeHeader>a&#10;b</ExposeHeader>`), 'InvalidRequest'],
    ['a long ID', rule(`${minimal}<ID>${'x'.repeat(256)}</ID>`), 'InvalidRequest'],
    ['too many rules', rule(`${minimal}</CORSRule><CORSRule>`.repeat(100) + minimal), 'InvalidRequest'],
    ['too many bytes', rule(minimal + ' '.repeat(64 * 1024)), 'MalformedXML'],
    ['bytes that are not UTF-8', rule(`${minimal}<ID>\u00ff</ID>`), 'MalformedXML'],
  ]
  test.each(refusals)('refuses %s, and keeps what there was', async (what, document, code) => {
    const url = await originWith([READS])
    const body = Buffer.from(document, what.endsWith('UTF-8') ? 'latin1' : 'utf8')
    const headers = {
      'content-md5': createHash('md5').update(body).digest('base64'),
    }
    const answer = await sendSigned({
      url,
      method: 'PUT',
      path: `/${BUCKET}`,
      query: { cors: '' },
      body,
      headers,
    })
    expect(answer.code).toBe(code)
    const kept = await createClient(url).send(new GetBucketCorsCommand({ Bucket: BUCKET }))
    expect(kept.CORSRules).toEqual([READS])
  })

  test('must come with a digest', async () => {
    const { url } = await startTestOrigin()
    const answer = await sendSigned({
      url,
      method: 'PUT',
      path: `/${BUCKET}`,
      query: { cors: '' },
      body: rule(minimal),
    })
    expect(answer.code).toBe('InvalidRequest')
  })
})

describe('a preflight', () => {
  test('needs no credentials and is told all that the rule says', async () => {
    const url = await originWith([UPLOADS, READS])
    const answer = await preflight(url, SITE, 'PUT', 'content-type, X-Amz-Date,x-amz-content-sha256')
    expect(answer.status).toBe(200)
    expect(answer.headers.vary).toBe(VARY)
    expect(accessHeaders(answer)).toEqual({
      'access-control-allow-origin': SITE,
      'access-control-allow-methods': 'PUT, POST',
      'access-control-allow-headers': 'content-type, x-amz-date, x-amz-content-sha256',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag, x-amz-request-id',
      'access-control-max-age': '600',
    })
  })

  test('for any origin is answered with the wildcard and without credentials', async () => {
    const url = await originWith([UPLOADS, READS])
    const answer = await preflight(url, SITE, 'GET', 'range')
    expect(accessHeaders(answer)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'range',
    })
  })

  const origins: readonly [origin: string, isAllowed: boolean][] = [
    [SITE, true],
    ['https://a.shop.example', true],
    ['https://a.b.shop.example', true],
    ['https://.shop.example', true],
    ['https://shop.example.evil', false],
    ['http://shop.example', false],
    ['https://SHOP.example', false],
    ['https://.example', false],
    ['null', false],
  ]
  test.each(origins)('from %s: %s', async (origin, isAllowed) => {
    const url = await originWith([UPLOADS])
    const answer = await preflight(url, origin, 'PUT')
    expect(answer.status).toBe(isAllowed ? 200 : 403)
    expect(answer.headers['access-control-allow-origin']).toBe(isAllowed ? origin : undefined)
  })

  test('a wildcard does not let head and tail overlap', async () => {
    const url = await originWith([{ AllowedOrigins: ['https://ab*ba'], AllowedMethods: ['GET'] }])
    expect((await preflight(url, 'https://aba', 'GET')).status).toBe(403)
    expect((await preflight(url, 'https://abba', 'GET')).status).toBe(200)
  })

  test.each([
    ['DELETE', undefined],
    ['put', undefined],
    ['PUT', 'authorization'],
    ['PUT', 'content-type, authorization'],
  ])('to %s with %s is refused', async (method, names) => {
    const url = await originWith([UPLOADS])
    const answer = await preflight(url, SITE, method, names)
    expect([answer.status, answer.code]).toEqual([403, 'AccessForbidden'])
    expect(accessHeaders(answer)).toEqual({})
  })

  test('without what it must say, or to a bucket that allows nothing', async () => {
    const url = await originWith([UPLOADS])
    expect((await ask(url, { origin: SITE })).code).toBe('BadRequest')
    expect((await ask(url, { 'access-control-request-method': 'PUT' })).code).toBe('BadRequest')
    const headers = { origin: SITE, 'access-control-request-method': 'PUT' }
    expect((await ask(url, headers, '/no-such-bucket')).code).toBe('AccessForbidden')
    expect((await ask(url, headers, '/')).code).toBe('AccessForbidden')
    expect((await ask(url, headers, `/${BUCKET}`)).status).toBe(200)
  })
})

describe('other requests', () => {
  test('a write and an error carry the headers of the rule, a page that no rule knows gets only Vary', async () => {
    const url = await originWith([UPLOADS])
    const put = await sendSigned({ url, method: 'PUT', path: PATH, body: 'x', headers: { origin: SITE } })
    const allowed = {
      'access-control-allow-origin': SITE,
      'access-control-allow-methods': 'PUT, POST',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag, x-amz-request-id',
      'access-control-max-age': '600',
    }
    expect([put.status, accessHeaders(put)]).toEqual([200, allowed])
    const refused = await send({ url, method: 'PUT', path: PATH, headers: { origin: SITE }, body: 'x' })
    expect([refused.code, accessHeaders(refused)]).toEqual(['AccessDenied', allowed])
    for (const origin of [undefined, 'https://elsewhere.example']) {
      const got = await sendSigned({ url, path: PATH, headers: origin === undefined ? {} : { origin } })
      expect([got.status, got.headers.vary, accessHeaders(got)]).toEqual([200, VARY, {}])
    }
  })

  test('HEAD needs a rule of its own; a bucket without rules says nothing', async () => {
    const url = await originWith([READS])
    const headers = { origin: SITE }
    const answers = await Promise.all(
      ['GET', 'HEAD'].map((method) => sendSigned({ url, method, path: PATH, headers })),
    )
    expect(answers.map((answer) => answer.headers['access-control-allow-origin'])).toEqual(['*', undefined])
    const plain = await startTestOrigin()
    const silent = await sendSigned({ url: plain.url, path: PATH, headers })
    expect([silent.headers.vary, accessHeaders(silent)]).toEqual([undefined, {}])
  })
})
