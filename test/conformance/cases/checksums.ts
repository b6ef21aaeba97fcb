import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type ChunkedRequest, sendChunked } from '../../origin/chunked-body.ts'
import { type RawAnswer } from '../../origin/signed-request.ts'
import { type Case, type Subject } from '../subject.ts'

const BODY = '123456789'

/** Of `123456789`: the check values that the definitions of the CRCs state, and two hashes. */
const CHECKSUMS: readonly [algorithm: string, value: string][] = [
  ['crc32', 'y/Q5Jg=='],
  ['crc32c', '4waSgw=='],
  ['crc64nvme', 'rosUhgp5mIg='],
  ['sha1', createHash('sha1').update(BODY).digest('base64')],
  ['sha256', createHash('sha256').update(BODY).digest('base64')],
]

const DIGESTS: readonly [what: string, headers: Record<string, string>, code: string | undefined][] = [
  ['that is right is taken', { 'content-md5': md5(BODY) }, undefined],
  ['that is wrong is BadDigest', { 'content-md5': md5('other') }, 'BadDigest'],
  ['that is none is InvalidDigest', { 'content-md5': 'x' }, 'InvalidDigest'],
]

/** What is sent beside a body to check it by. */
export const CHECKSUM_CASES: readonly Case[] = [
  ...CHECKSUMS.flatMap(([algorithm, value]) => ofAlgorithm(algorithm, value)),
  ...DIGESTS.map(([what, headers, code]) => ({
    name: `Content-MD5 ${what}`,
    async run(s: Subject) {
      const put = await s.put('a', BODY, headers)
      expect(put.code).toBe(code)
      expect((await s.head('a')).status).toBe(code === undefined ? 200 : 404)
    },
  })),
  {
    name: 'a body that is not what was signed is XAmzContentSHA256Mismatch',
    async run(s) {
      const payload = createHash('sha256').update('other').digest('hex')
      const put = await s.signed({ method: 'PUT', path: s.path(), body: BODY, payload })
      expect([put.code, (await s.head('a')).status]).toEqual(['XAmzContentSHA256Mismatch', 404])
    },
  },
  {
    name: 'a checksum is not told unless it is asked for',
    async run(s) {
      await s.put('a', BODY, { 'x-amz-checksum-sha256': new Map(CHECKSUMS).get('sha256') ?? '' })
      expect((await s.get('a')).headers['x-amz-checksum-sha256']).toBeUndefined()
    },
  },
  {
    name: 'two checksums at once are InvalidRequest',
    async run(s) {
      const headers = Object.fromEntries(CHECKSUMS.map(([name, value]) => [`x-amz-checksum-${name}`, value]))
      expect((await s.put('a', BODY, headers)).code).toBe('InvalidRequest')
    },
  },
]

function ofAlgorithm(algorithm: string, value: string): Case[] {
  const name = `x-amz-checksum-${algorithm}`
  const wrong = Buffer.from(value, 'base64').fill(1).toString('base64')
  return [
    {
      name: `${name} is verified, stored and told with PUT, GET and HEAD`,
      async run(s) {
        const put = await s.put('a', BODY, { [name]: value })
        const asked = { 'x-amz-checksum-mode': 'ENABLED' }
        const [got, head] = [await s.get('a', asked), await s.head('a', asked)]
        expect([put, got, head].map(({ headers }) => headers[name])).toEqual([value, value, value])
      },
    },
    {
      name: `${name} that is wrong is BadDigest and changes nothing`,
      async run(s) {
        await s.put('a', 'old')
        expect((await s.put('a', BODY, { [name]: wrong })).code).toBe('BadDigest')
        expect((await s.get('a')).body.toString()).toBe('old')
      },
    },
    {
      name: `${name} that is none is InvalidRequest`,
      async run(s) {
        expect((await s.put('a', BODY, { [name]: 'x' })).code).toBe('InvalidRequest')
      },
    },
    {
      name: `${name} as a trailer is verified and told`,
      async run(s) {
        const put = await chunked(s, { signed: false, trailers: { [name]: value } })
        const got = await s.get('a', { 'x-amz-checksum-mode': 'ENABLED' })
        expect([put.status, got.body.toString(), got.headers[name]]).toEqual([200, BODY, value])
      },
    },
    {
      name: `${name} as a trailer that is wrong is BadDigest and changes nothing`,
      async run(s) {
        await s.put('a', 'old')
        expect((await chunked(s, { signed: false, trailers: { [name]: wrong } })).code).toBe('BadDigest')
        expect((await s.get('a')).body.toString()).toBe('old')
      },
    },
  ]
}

const CRC32 = { 'x-amz-checksum-crc32': 'y/Q5Jg==' }

const FORMS: readonly [what: string, request: Pick<ChunkedRequest, 'signed' | 'trailers'>][] = [
  ['unsigned, with a trailer', { signed: false, trailers: CRC32 }],
  ['signed', { signed: true }],
  ['signed, with a trailer', { signed: true, trailers: CRC32 }],
]

const SPOILED: readonly [what: string, spoil: (body: string) => string, code: string][] = [
  ['a changed byte', (body) => body.replace('aaaa', 'aaab'), 'SignatureDoesNotMatch'],
  ['no last chunk', (body) => body.slice(0, body.indexOf('\r\n0;') + 2), 'IncompleteBody'],
]

/** The ways in which a body travels. */
export const PAYLOAD_CASES: readonly Case[] = [
  {
    name: 'UNSIGNED-PAYLOAD is taken',
    async run(s) {
      const put = await s.signed({ method: 'PUT', path: s.path(), body: BODY, payload: 'UNSIGNED-PAYLOAD' })
      expect([put.status, (await s.get('a')).body.toString()]).toEqual([200, BODY])
    },
  },
  ...FORMS.flatMap(([what, request]) => [
    {
      name: `aws-chunked, ${what}, is decoded`,
      async run(s: Subject) {
        const chunks = ['a'.repeat(8192), 'b'.repeat(70_000), 'c']
        const trailers = request.trailers && { 'x-amz-checksum-crc32': 'Xndt/A==' }
        const put = await chunked(s, { ...request, chunks, ...(trailers && { trailers }) })
        expect([put.status, (await s.get('a')).body.toString()]).toEqual([200, chunks.join('')])
      },
    },
    {
      name: `aws-chunked, ${what}, is not stored as a coding; others are`,
      async run(s: Subject) {
        await chunked(s, { ...request, headers: { 'content-encoding': 'gzip,aws-chunked' } })
        expect((await s.head('a')).headers['content-encoding']).toBe('gzip')
      },
    },
  ]),
  ...SPOILED.map(([what, spoil, code]) => ({
    name: `aws-chunked, signed, with ${what} is ${code} and changes nothing`,
    async run(s: Subject) {
      await s.put('a', 'old')
      expect((await chunked(s, { signed: true, chunks: ['a'.repeat(9000)], spoil })).code).toBe(code)
      expect((await s.get('a')).body.toString()).toBe('old')
    },
  })),
]

async function chunked(
  s: Subject,
  request: Partial<ChunkedRequest> & Pick<ChunkedRequest, 'signed'>,
): Promise<RawAnswer> {
  return sendChunked({ ...s.request({ path: s.path() }), chunks: [BODY], ...request })
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64')
}
