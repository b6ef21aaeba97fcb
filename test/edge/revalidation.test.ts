import { describe, expect, test } from 'vitest'
import type { EdgeAnswer } from '../support/edge/edge.ts'
import { createStage, FRANKFURT, says } from './twin.ts'

const FRESH = 'max-age=60'
const MODIFIED = 'Sun, 01 Nov 2026 10:00:00 GMT'

const notModified = (headers: Record<string, string>): EdgeAnswer => ({
  status: 304,
  headers,
  body: Buffer.alloc(0),
})

describe('§1.3 revalidation', () => {
  test('asks with ETag and date; a 304 renews by what it says itself', async () => {
    const stage = createStage()
    stage.origin = () =>
      says({ 'cache-control': FRESH, etag: '"1"', 'last-modified': MODIFIED, 'x-amz-meta-cache-tag': 'old' })
    await stage.get('/a')
    stage.origin = () =>
      notModified({ 'cache-control': 'max-age=10', etag: '"1"', 'x-amz-meta-cache-tag': 'new' })
    stage.pass(60)
    const refreshed = await stage.get('/a')
    expect(refreshed.headers).toMatchObject({
      'x-cache': 'RefreshHit from cloudfront',
      'cache-control': 'max-age=10',
      'content-length': '7',
    })
    expect(refreshed.body.toString()).toBe('picture')
    expect(stage.requests[1]?.headers).toMatchObject({
      'if-none-match': '"1"',
      'if-modified-since': MODIFIED,
    })
    stage.pass(9)
    expect((await stage.get('/a')).headers).toMatchObject({ 'x-cache': 'Hit from cloudfront', age: '9' })
    stage.edge.invalidate(['#old'])
    expect(await stage.result('/a')).toBe('Hit')
    stage.edge.invalidate(['#new'])
    expect(await stage.result('/a')).not.toBe('Hit')
  })

  test('a 304 that does not repeat Cache-Control renews for the default', async () => {
    const stage = createStage({ behavior: { ttls: { minS: 0, defaultS: 5, maxS: 100 } } })
    stage.origin = () => says({ 'cache-control': FRESH, etag: '"1"' })
    await stage.get('/a')
    stage.origin = () => notModified({ etag: '"1"' })
    stage.pass(60)
    await stage.get('/a')
    stage.pass(5)
    expect(await stage.result('/a')).toBe('RefreshHit')
  })

  test('another picture takes the place of the old one', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH, etag: '"1"' })
    await stage.get('/a')
    stage.origin = () => says({ 'cache-control': FRESH, etag: '"2"' }, { body: 'other' })
    stage.pass(60)
    expect(await stage.result('/a')).toBe('Miss')
    expect((await stage.get('/a')).body.toString()).toBe('other')
  })
})

describe('§1.3 conditions of viewers', () => {
  test.each([
    [{ 'if-none-match': '"1"' }, 304],
    [{ 'if-none-match': 'W/"1"' }, 304],
    [{ 'if-none-match': '"0", "1"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"2"' }, 200],
    [{ 'if-none-match': '"2"', 'if-modified-since': MODIFIED }, 200],
    [{ 'if-modified-since': MODIFIED }, 304],
    [{ 'if-modified-since': 'Sun, 01 Nov 2026 09:59:59 GMT' }, 200],
  ])('%j: %i, without the origin', async (headers, status) => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH, etag: '"1"', 'last-modified': MODIFIED })
    await stage.get('/a')
    const answer = await stage.get('/a', headers)
    expect([answer.status, answer.body.length]).toEqual([status, status === 304 ? 0 : 7])
    expect(stage.requests).toHaveLength(1)
  })
})

describe('§1.3 ranges', () => {
  test.each([
    ['bytes=0-2', 206, 'pic', 'bytes 0-2/7'],
    ['bytes=4-', 206, 'ure', 'bytes 4-6/7'],
    ['bytes=-2', 206, 're', 'bytes 5-6/7'],
    ['bytes=5-99', 206, 're', 'bytes 5-6/7'],
    ['bytes=7-', 416, '', 'bytes */7'],
    ['bytes=0-1,3-4', 200, 'picture', undefined],
    ['lines=0-2', 200, 'picture', undefined],
  ])('%s of what lies there: %i', async (range, status, body, contentRange) => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH })
    await stage.get('/a')
    const answer = await stage.get('/a', { range })
    expect([answer.status, answer.body.toString(), answer.headers['content-range']]).toEqual([
      status,
      body,
      contentRange,
    ])
    expect(stage.requests).toHaveLength(1)
  })

  test('an origin that ignores them: the whole is kept', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH })
    expect((await stage.get('/a', { range: 'bytes=0-2' })).body.toString()).toBe('pic')
    expect(stage.requests[0]?.headers['range']).toBe('bytes=0-2')
    expect(await stage.result('/a')).toBe('Hit')
  })

  test('an origin that obeys them: the part is kept, and not taken for the whole', async () => {
    const stage = createStage()
    stage.origin = ({ headers }) =>
      headers['range'] === undefined
        ? says({ 'cache-control': FRESH })
        : says(
            { 'cache-control': FRESH, 'content-range': 'bytes 0-2/7', 'x-amz-meta-cache-tag': 'a' },
            { status: 206, body: 'pic' },
          )
    expect((await stage.get('/a', { range: 'bytes=0-2' })).status).toBe(206)
    expect(await stage.result('/a', { range: 'bytes=0-2' })).toBe('Hit')
    expect((await stage.get('/a')).body.toString()).toBe('picture')
    stage.edge.invalidate(['/a'])
    expect(stage.edge.held()).toEqual([])
  })

  test.each([
    ['"1"', 206],
    ['"2"', 200],
  ])('If-Range %s: %i', async (etag, status) => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH, etag: '"1"' })
    expect((await stage.get('/a', { range: 'bytes=0-2', 'if-range': etag })).status).toBe(status)
    expect(stage.requests[0]?.headers['range']).toBeUndefined()
  })

  test('a chunked answer is given whole', async () => {
    const stage = createStage()
    stage.origin = () => ({
      status: 200,
      headers: { 'cache-control': FRESH, 'transfer-encoding': 'chunked' },
      body: Buffer.from('picture'),
    })
    expect((await stage.get('/a', { range: 'bytes=0-2' })).status).toBe(200)
  })
})

describe('§1.3 HEAD', () => {
  const head = (stage: ReturnType<typeof createStage>) =>
    stage.edge.view(FRANKFURT, { method: 'HEAD', target: '/a', headers: {} })

  test('is answered from what GET brought', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH })
    await stage.get('/a')
    const { headers, body } = await head(stage)
    expect([headers['content-length'], body.length, stage.requests.length]).toEqual(['7', 0, 1])
  })

  test('brings nothing for GET', async () => {
    const stage = createStage()
    stage.origin = ({ method }) =>
      method === 'HEAD'
        ? { status: 200, headers: { 'content-length': '7', 'cache-control': FRESH }, body: Buffer.alloc(0) }
        : says({ 'cache-control': FRESH })
    await head(stage)
    await head(stage)
    expect(stage.requests).toHaveLength(1)
    expect((await stage.get('/a')).body.toString()).toBe('picture')
  })

  test('renews what GET brought', async () => {
    const stage = createStage()
    stage.origin = () => says({ 'cache-control': FRESH, etag: '"1"' })
    await stage.get('/a')
    stage.pass(60)
    stage.origin = () => notModified({ 'cache-control': FRESH, etag: '"1"' })
    await head(stage)
    expect((await stage.get('/a')).headers['x-cache']).toBe('Hit from cloudfront')
    expect(stage.requests).toHaveLength(2)
  })
})

describe('§1.3 bodies that broke off', () => {
  const body = Buffer.from('pict')
  const broken = { status: 200, body, complete: false }

  test.each([
    ['shorter than its length', { 'content-length': '7' }, false],
    ['chunked, without the last chunk', { 'transfer-encoding': 'chunked' }, false],
    ['of no length that anybody knows', {}, true],
  ])('%s: kept as if it were whole: %s', async (_, headers, isKept) => {
    const stage = createStage()
    stage.origin = () => ({ ...broken, headers: { ...headers, 'cache-control': FRESH } })
    expect((await stage.get('/a')).complete).toBe(false)
    expect(stage.edge.held()).toHaveLength(isKept ? 1 : 0)
  })
})
