import { expect } from 'vitest'
import { type Case, type Subject } from '../subject.ts'

/** Of `body`. */
const ETAG = '"841a2d689ad86bd1611447453c22c6fc"'
const UNQUOTED = ETAG.replaceAll('"', '')
const PAST = 'Wed, 21 Oct 2015 07:28:00 GMT'

type Headers = Readonly<Record<string, string>>

const READS: readonly [what: string, headers: Headers, status: number][] = [
  ['If-Match that holds', { 'if-match': ETAG }, 200],
  ['If-Match without quotes', { 'if-match': UNQUOTED }, 200],
  ['If-Match that fails', { 'if-match': '"x"' }, 412],
  ['If-None-Match that holds', { 'if-none-match': '"x"' }, 200],
  ['If-None-Match that fails', { 'if-none-match': ETAG }, 304],
  ['If-None-Match without quotes that fails', { 'if-none-match': UNQUOTED }, 304],
  ['If-Modified-Since a date that is past', { 'if-modified-since': PAST }, 200],
  ['If-Unmodified-Since a date that is past', { 'if-unmodified-since': PAST }, 412],
  [
    'If-Match that holds beside If-Unmodified-Since that fails',
    { 'if-match': ETAG, 'if-unmodified-since': PAST },
    200,
  ],
  ['If-Match that fails beside If-None-Match that fails', { 'if-match': '"x"', 'if-none-match': ETAG }, 412],
  [
    'If-None-Match that fails beside If-Modified-Since that holds',
    { 'if-none-match': ETAG, 'if-modified-since': PAST },
    304,
  ],
]

const WRITES: readonly [what: string, stored: boolean, headers: Headers, status: number][] = [
  ['If-None-Match: * where nothing is', false, { 'if-none-match': '*' }, 200],
  ['If-None-Match: * where something is', true, { 'if-none-match': '*' }, 412],
  ['If-Match that holds', true, { 'if-match': ETAG }, 200],
  ['If-Match that fails', true, { 'if-match': '"d41d8cd98f00b204e9800998ecf8427e"' }, 412],
  ['If-Match where nothing is', false, { 'if-match': ETAG }, 404],
]

/** Conditions on reads, in the order of RFC 9110, section 13.2.2. */
const READ_CASES: readonly Case[] = READS.flatMap(([what, headers, status]) =>
  ['GET', 'HEAD'].map((method) => ({
    name: `${method} with ${what}: ${status}`,
    async run(s: Subject) {
      await s.put('a', 'body')
      const got = await s.signed({ method, path: s.path(), headers })
      expect([got.status, status === 200 ? got.headers.etag : undefined]).toEqual([
        status,
        status === 200 ? ETAG : undefined,
      ])
    },
  })),
)

const WRITE_CASES: readonly Case[] = WRITES.map(([what, stored, headers, status]) => ({
  name: `PUT with ${what}: ${status}`,
  async run(s: Subject) {
    if (stored) await s.put('a', 'body')
    expect((await s.put('a', 'other', headers)).status).toBe(status)
    const now = await s.get('a')
    const left = stored ? 'body' : 'NoSuchKey'
    expect(now.code ?? now.body.toString()).toBe(status === 200 ? 'other' : left)
  },
}))

/** Conditions on reads and writes. */
export const CONDITION_CASES: readonly Case[] = [
  ...READ_CASES,
  {
    name: 'If-Modified-Since the very date of the object: 304',
    async run(s) {
      await s.put('a', 'body')
      const date = (await s.head('a')).headers['last-modified'] ?? ''
      expect((await s.get('a', { 'if-modified-since': date })).status).toBe(304)
      expect((await s.get('a', { 'if-unmodified-since': date })).status).toBe(200)
    },
  },
  {
    name: 'a 304 carries ETag, Cache-Control and Last-Modified, and no body',
    async run(s) {
      await s.put('a', 'body', { 'cache-control': 'max-age=60' })
      const { headers: whole } = await s.get('a')
      const { status, headers, body } = await s.get('a', { 'if-none-match': ETAG })
      expect([status, body.length, headers.etag]).toEqual([304, 0, ETAG])
      expect([headers['cache-control'], headers['last-modified']]).toEqual([
        'max-age=60',
        whole['last-modified'],
      ])
    },
  },
  ...WRITE_CASES,
  {
    name: 'DELETE with If-Match that fails: 412, that holds: 204',
    async run(s) {
      await s.put('a', 'body')
      const remove = async (etag: string): Promise<number> =>
        (await s.signed({ method: 'DELETE', path: s.path(), headers: { 'if-match': etag } })).status
      expect([await remove('"x"'), (await s.head('a')).status]).toEqual([412, 200])
      expect([await remove(ETAG), (await s.head('a')).status]).toEqual([204, 404])
    },
  },
  {
    name: 'a race to create has exactly one winner',
    async run(s) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, writer) => s.put('a', `writer ${writer}`, { 'if-none-match': '*' })),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      const winner = answers.findIndex(({ status }) => status === 200)
      expect((await s.get('a')).body.toString()).toBe(`writer ${winner}`)
    },
  },
  {
    name: 'a race to replace has exactly one winner',
    async run(s) {
      await s.put('a', 'body')
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, writer) => s.put('a', `writer ${writer}`, { 'if-match': ETAG })),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    },
  },
]
