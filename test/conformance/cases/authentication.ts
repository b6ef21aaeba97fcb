import { expect } from 'vitest'
import { type Prepared, signRequest } from '../../origin/signed-request.ts'
import { type Case, type CaseRequest, type Subject } from '../subject.ts'

interface Refusal {
  readonly what: string
  readonly raw?: Partial<CaseRequest>
  /** Changes what was signed. */
  readonly change?: (prepared: Prepared) => Prepared
  readonly status: number
  readonly code: string
}

const MINUTE = 60_000

const IN_HEADER: readonly Refusal[] = [
  { what: 'no signature', change: without('authorization'), status: 403, code: 'AccessDenied' },
  { what: 'a wrong secret', raw: { secret: 'not-the-secret' }, status: 403, code: 'SignatureDoesNotMatch' },
  { what: 'an unknown key', raw: { accessKey: 'NOBODYKNOWSTHIS' }, status: 403, code: 'InvalidAccessKeyId' },
  { what: 'a clock 16 minutes slow', raw: { signedAt: ago(16) }, status: 403, code: 'RequestTimeTooSkewed' },
  { what: 'a clock 16 minutes fast', raw: { signedAt: ago(-16) }, status: 403, code: 'RequestTimeTooSkewed' },
  {
    what: 'another path',
    change: (sent) => ({ ...sent, path: `${sent.path}b` }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'another method',
    change: (sent) => ({ ...sent, method: 'DELETE' }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'an added parameter',
    change: (sent) => ({ ...sent, path: `${sent.path}?response-content-type=x` }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
]

const IN_QUERY: readonly Refusal[] = [
  { what: 'a wrong secret', raw: { secret: 'not-the-secret' }, status: 403, code: 'SignatureDoesNotMatch' },
  { what: 'an unknown key', raw: { accessKey: 'NOBODYKNOWSTHIS' }, status: 403, code: 'InvalidAccessKeyId' },
  { what: 'an expiry that is past', raw: { signedAt: ago(6) }, status: 403, code: 'AccessDenied' },
  {
    what: 'a longer expiry',
    change: ({ path, ...sent }) => ({ ...sent, path: path.replace('Expires=300', 'Expires=301') }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'an expiry over a week',
    change: ({ path, ...sent }) => ({ ...sent, path: path.replace('Expires=300', 'Expires=604801') }),
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    what: 'another path',
    change: ({ path, ...sent }) => ({ ...sent, path: path.replace('?', 'b?') }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    what: 'another method',
    change: (sent) => ({ ...sent, method: 'DELETE' }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
]

/** Who may and who may not. */
export const AUTHENTICATION_CASES: readonly Case[] = [
  ...IN_HEADER.map((refusal) => ({
    name: `signed in the header, ${refusal.what}: ${refusal.code}`,
    run: (s: Subject) => refuses(s, refusal, (request) => signRequest(s.request(request))),
  })),
  ...IN_QUERY.map((refusal) => ({
    name: `signed in the query, ${refusal.what}: ${refusal.code}`,
    run: (s: Subject) => refuses(s, refusal, (request) => s.presigned(request)),
  })),
  {
    name: 'a clock 14 minutes slow or fast is let pass',
    async run(s) {
      await s.put('a', 'body')
      for (const signedAt of [ago(14), ago(-14)])
        expect((await s.signed({ path: s.path(), signedAt })).status).toBe(200)
    },
  },
  {
    name: 'a presigned GET works without a header',
    async run(s) {
      await s.put('a', 'body')
      const got = await s.send(await s.presigned({ path: s.path() }))
      expect([got.status, got.body.toString()]).toEqual([200, 'body'])
    },
  },
  {
    name: 'a presigned GET for a week',
    async run(s) {
      await s.put('a', 'body')
      expect((await s.send(await s.presigned({ path: s.path() }, 604_800))).status).toBe(200)
    },
  },
  {
    name: 'a presigned GET with response-*',
    async run(s) {
      await s.put('a', 'body')
      const query = { 'response-content-disposition': 'attachment; filename="x y"' }
      const got = await s.send(await s.presigned({ path: s.path(), query }))
      expect(got.headers['content-disposition']).toBe('attachment; filename="x y"')
    },
  },
  {
    name: 'a presigned PUT stores what is sent with it',
    async run(s) {
      const headers = { 'content-type': 'image/png', 'x-amz-meta-a': '1' }
      const sent = await s.presigned({ method: 'PUT', path: s.path(), headers, body: 'body' })
      expect((await s.send(sent)).status).toBe(200)
      const got = await s.get('a')
      expect([got.body.toString(), got.headers['content-type'], got.headers['x-amz-meta-a']]).toEqual([
        'body',
        'image/png',
        '1',
      ])
    },
  },
  {
    name: 'a presigned PUT whose signed header is changed is refused',
    async run(s) {
      const headers = { 'content-type': 'image/png' }
      const sent = await s.presigned({ method: 'PUT', path: s.path(), headers, body: 'body' })
      const answer = await s.send({ ...sent, headers: { ...sent.headers, 'content-type': 'text/html' } })
      expect([answer.code, (await s.head('a')).status]).toEqual(['SignatureDoesNotMatch', 404])
    },
  },
  {
    name: 'a presigned DELETE',
    async run(s) {
      await s.put('a', 'body')
      expect((await s.send(await s.presigned({ method: 'DELETE', path: s.path() }))).status).toBe(204)
      expect((await s.head('a')).status).toBe(404)
    },
  },
]

async function refuses(
  s: Subject,
  { raw, change = (sent) => sent, status, code }: Refusal,
  sign: (request: CaseRequest) => Promise<Prepared>,
): Promise<void> {
  await s.put('a', 'body')
  const answer = await s.send(change(await sign({ path: s.path(), ...raw })))
  expect([answer.status, answer.code]).toEqual([status, code])
  expect((await s.get('a')).body.toString()).toBe('body')
}

function without(name: string): (prepared: Prepared) => Prepared {
  return ({ headers, ...rest }) => ({
    ...rest,
    headers: Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name)),
  })
}

function ago(minutes: number): Date {
  return new Date(Date.now() - minutes * MINUTE)
}
