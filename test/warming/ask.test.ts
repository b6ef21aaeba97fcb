import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { listen } from '../support/listen.ts'
import { createAsk } from '../../src/warming/ask.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A server that answers each path as the table says; what it was asked is in `seen`. */
async function open(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const seen: IncomingMessage[] = []
  server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  const url = await listen(server)
  return { seen, url, ask: createAsk({ url, headers: { 'x-origin-verify': 'secret' }, timeoutMs: 20_000 }) }
}

describe('asking for a picture', () => {
  it.each([
    ['edge', { 'x-cache': 'Hit from cloudfront', 'cache-status': 'memory; fwd=miss, bucket; fwd=miss' }],
    ['edge', { 'x-cache': 'RefreshHit from cloudfront' }],
    ['memory', { 'x-cache': 'Miss from cloudfront', 'cache-status': 'memory; hit' }],
    ['bucket', { 'cache-status': 'memory; fwd=miss, bucket; hit' }],
    ['render', { 'cache-status': 'memory; fwd=miss, bucket; fwd=miss' }],
    ['collapsed', { 'cache-status': 'memory; fwd=miss; collapsed' }],
    ['unknown', {}],
  ])('says that it came from: %s', async (by, headers) => {
    const { ask, seen } = await open((_, response) => response.writeHead(200, headers).end('12345'))
    expect(await ask('/img/items/42/800.webp')).toEqual({ outcome: 'warm', by, bytes: 5 })
    expect(seen[0]?.url).toBe('/img/items/42/800.webp')
    expect(seen[0]?.headers['x-origin-verify']).toBe('secret')
  })

  it.each([
    [503, '7', 7000],
    [429, 'Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    [503, 'Sun, 22 Nov 2026 11:00:00 GMT', 0],
    [503, 'soon', undefined],
    [503, undefined, undefined],
  ])('is put off by %i with Retry-After: %s', async (status, retryAfter, afterMs) => {
    const { url } = await open((_, response) =>
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end(),
    )
    const ask = createAsk({
      url,
      headers: {},
      timeoutMs: 20_000,
      now: () => Date.parse('2026-11-22T12:00:00Z'),
    })
    expect(await ask('/img/a')).toEqual({ outcome: 'later', afterMs, reason: `answered ${status}` })
  })

  it.each([
    [404, 'absent'],
    [401, 'absent'],
    [400, 'failed'],
    [415, 'failed'],
    [500, 'failed'],
    [504, 'failed'],
    [302, 'failed'],
  ])('of a server that answers %i: %s', async (status, outcome) => {
    const { ask } = await open((_, response) => response.writeHead(status).end())
    expect(await ask('/img/a')).toEqual({ outcome, reason: `answered ${status}` })
  })

  it('follows redirects on the same server, and no other, which would see the secret', async () => {
    const { ask, seen } = await open(({ url }, response) => {
      if (url === '/img/a/790.webp') response.writeHead(308, { location: '/img/a/800.webp' }).end()
      else if (url === '/img/away') response.writeHead(302, { location: 'http://127.0.0.2:9/img/b' }).end()
      else if (url === '/img/round') response.writeHead(302, { location: '/img/round' }).end()
      else response.writeHead(200, { 'cache-status': 'memory; hit' }).end('1')
    })
    expect(await ask('/img/a/790.webp')).toMatchObject({ outcome: 'warm' })
    expect(seen.map(({ url }) => url)).toEqual(['/img/a/790.webp', '/img/a/800.webp'])
    expect(await ask('/img/away')).toEqual({ outcome: 'failed', reason: 'led to http://127.0.0.2:9/img/b' })
    expect(await ask('/img/round')).toMatchObject({ outcome: 'failed' })
  })

  it('is put off by a connection that is cut, refused or too slow', async () => {
    const { ask, url } = await open(({ url: path }, response) => {
      if (path === '/img/cut')
        response.writeHead(200, { 'content-length': '10' }).write('1', () => response.destroy())
      // Anything else is never answered.
    })
    expect(await ask('/img/cut')).toMatchObject({ outcome: 'later', afterMs: undefined })
    const hurried = createAsk({ url, headers: {}, timeoutMs: 20 })
    expect(await hurried('/img/slow')).toMatchObject({ outcome: 'later' })
    server?.closeAllConnections()
    server?.close()
    expect(await ask('/img/gone')).toMatchObject({
      outcome: 'later',
      reason: expect.stringMatching(/REFUSED/),
    })
  })
})
