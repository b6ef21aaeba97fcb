import { describe, expect, test } from 'vitest'
import { type RawAnswer, sendSigned } from './signed-request.ts'
import { BUCKET, startTestOrigin } from './start-test-origin.ts'

const PATH = `/${BUCKET}/a`
const ETAG = '"841a2d689ad86bd1611447453c22c6fc"'
const PAST = 'Wed, 21 Oct 2015 07:28:00 GMT'
const FUTURE = 'Wed, 21 Oct 2037 07:28:00 GMT'

type Headers = Readonly<Record<string, string>>

const READS: readonly [headers: Headers, status: number][] = [
  [{ 'if-match': ETAG }, 200],
  [{ 'if-match': ETAG.replaceAll('"', '') }, 200],
  [{ 'if-match': `"x", ${ETAG}` }, 200],
  [{ 'if-match': '*' }, 200],
  [{ 'if-match': '"x"' }, 412],
  [{ 'if-match': `W/${ETAG}` }, 412],
  [{ 'if-none-match': ETAG }, 304],
  [{ 'if-none-match': `W/${ETAG}` }, 304],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-none-match': '"x"' }, 200],
  [{ 'if-modified-since': FUTURE }, 304],
  [{ 'if-modified-since': PAST }, 200],
  [{ 'if-modified-since': 'yesterday' }, 200],
  [{ 'if-unmodified-since': PAST }, 412],
  [{ 'if-unmodified-since': FUTURE }, 200],
  [{ 'if-match': ETAG, 'if-unmodified-since': PAST }, 200],
  [{ 'if-none-match': '"x"', 'if-modified-since': FUTURE }, 200],
  [{ 'if-match': '"x"', 'if-none-match': ETAG }, 412],
  [{ 'if-match': ETAG, 'if-none-match': ETAG }, 304],
]

describe('a conditional read', () => {
  test('answers in the order of RFC 9110', async () => {
    const { url } = await startTestOrigin()
    await put(url, 'body')
    for (const [headers, status] of READS) {
      for (const method of ['GET', 'HEAD']) {
        const got = await sendSigned({ url, method, path: PATH, headers })
        expect({ headers, status: got.status }).toEqual({ headers, status })
      }
    }
  })

  test('of a key that is not there is 404', async () => {
    const { url } = await startTestOrigin()
    expect((await sendSigned({ url, path: PATH, headers: { 'if-match': ETAG } })).code).toBe('NoSuchKey')
  })
})

const WRITES: readonly [stored: boolean, headers: Headers, status: number][] = [
  [false, { 'if-none-match': '*' }, 200],
  [true, { 'if-none-match': '*' }, 412],
  [true, { 'if-none-match': ETAG }, 501],
  [true, { 'if-match': ETAG }, 200],
  [true, { 'if-match': '"x"' }, 412],
  [false, { 'if-match': ETAG }, 404],
]

describe('a conditional write', () => {
  test.each(WRITES)('stored %s, %j: %i', async (stored, headers, status) => {
    const { url } = await startTestOrigin()
    if (stored) await put(url, 'body')
    expect((await put(url, 'other', headers)).status).toBe(status)
    const now = await sendSigned({ url, path: PATH })
    const left = stored ? 'body' : 'NoSuchKey'
    expect(now.code ?? now.body.toString()).toBe(status === 200 ? 'other' : left)
  })

  test('a delete', async () => {
    const { url } = await startTestOrigin()
    await put(url, 'body')
    const remove = async (headers: Headers = {}): Promise<number> =>
      (await sendSigned({ url, method: 'DELETE', path: PATH, headers })).status
    expect(await remove({ 'if-match': '"x"' })).toBe(412)
    expect(await remove({ 'if-match': ETAG })).toBe(204)
    expect(await remove({ 'if-match': ETAG })).toBe(404)
    expect(await remove()).toBe(204)
  })
})

describe('a race has exactly one winner', () => {
  test('to create', async () => {
    const { url } = await startTestOrigin()
    const answers = await Promise.all(
      range(20).map((index) => put(url, `writer ${index}`, { 'if-none-match': '*' })),
    )
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19)
    const winner = answers.findIndex(({ status }) => status === 200)
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe(`writer ${winner}`)
  })

  test('to replace, round after round: no update is lost', async () => {
    const { url } = await startTestOrigin()
    await put(url, '0')
    const increment = async (): Promise<void> => {
      for (;;) {
        const now = await sendSigned({ url, path: PATH })
        const next = String(Number(now.body.toString()) + 1)
        if ((await put(url, next, { 'if-match': now.headers.etag ?? '' })).status === 200) return
      }
    }
    const incrementThrice = async (): Promise<void> => {
      for (let count = 0; count < 3; count += 1) await increment()
    }
    await Promise.all(range(4).map(incrementThrice))
    expect((await sendSigned({ url, path: PATH })).body.toString()).toBe('12')
  })

  test('between deletes and readers: an answer is whole or 404', async () => {
    const { url } = await startTestOrigin()
    const bodies = range(4).map((index) => String(index).repeat(100_000))
    const write = async (body: string): Promise<void> => {
      for (let round = 0; round < 5; round += 1) {
        await put(url, body)
        await sendSigned({ url, method: 'DELETE', path: PATH })
      }
    }
    const writing = new AbortController()
    const read = async (): Promise<void> => {
      while (!writing.signal.aborted) {
        const got = await sendSigned({ url, path: PATH })
        expect(['NoSuchKey', ...bodies]).toContain(got.code ?? got.body.toString())
      }
    }
    const readers = [read(), read()]
    await Promise.all(bodies.map(write))
    writing.abort()
    await Promise.all(readers)
    expect((await sendSigned({ url, path: PATH })).status).toBe(404)
  })
})

async function put(url: string, body: string, headers: Headers = {}): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: PATH, body, headers })
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
