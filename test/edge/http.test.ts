import { once } from 'node:events'
import { createServer, type RequestListener, request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createEdge } from '../support/edge/create-edge.ts'
import { distribution } from '../support/edge/distribution.ts'
import { createHttpOrigin } from '../support/edge/http-origin.ts'
import { serveLocation } from '../support/edge/server.ts'

const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A distribution over sockets before a server of the test's. */
async function start(listener: RequestListener, readTimeoutMs = 5000) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const gateway = createHttpOrigin(origin, { readTimeoutMs, completionTimeoutMs: 10_000 })
  const edge = createEdge(distribution({ clock: Date.now, gateway, originSecret: 'from-the-edge' }))
  const reports: string[] = []
  const location = await serveLocation(edge, {
    location: 'FRA56-P1',
    port: 0,
    report: (line) => reports.push(line),
  })
  ends.push(
    async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    async () => location.close(),
  )
  return { url: location.url, edge, reports }
}

describe('the edge over sockets', () => {
  test('passes on what the origin says, and says where it was', async () => {
    const { url, reports } = await start((incoming, outgoing) => {
      outgoing.setHeader('cache-control', 'max-age=60')
      outgoing.end(`${String(incoming.headers['x-origin-verify'])} ${incoming.url}`)
    })
    const first = await fetch(`${url}/img/a%2e/1.webp?x`)
    expect([first.headers.get('x-cache'), await first.text()]).toEqual([
      'Miss from cloudfront',
      'from-the-edge /img/a%2e/1.webp',
    ])
    const second = await fetch(`${url}/img/a%2e/1.webp`)
    expect([second.headers.get('x-cache'), second.headers.get('age')]).toEqual(['Hit from cloudfront', '0'])
    expect(reports).toEqual([
      'FRA56-P1 200 Miss from cloudfront GET /img/a%2e/1.webp?x',
      'FRA56-P1 200 Hit from cloudfront GET /img/a%2e/1.webp',
    ])
  })

  test('other verbs and bodies do not reach the origin', async () => {
    let reached = 0
    const { url } = await start((_, outgoing) => {
      reached++
      outgoing.end()
    })
    const posted = await fetch(`${url}/img/a`, { method: 'POST', body: 'x' })
    const outgoing = request(`${url}/img/a`, { method: 'GET', headers: { 'content-length': '1' } })
    outgoing.end('x')
    const [got] = await once(outgoing, 'response')
    got.resume()
    expect([posted.status, got.statusCode, reached]).toEqual([403, 403, 0])
  })

  test.each([
    ['with its length', { 'content-length': '100' }],
    ['chunked', {}],
  ])('a body that breaks off %s breaks off at the viewer, and is not kept', async (_, headers) => {
    const { url, edge } = await start((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'cache-control': 'max-age=60', ...headers })
      outgoing.write('half', () => outgoing.destroy())
    })
    const broken = await fetch(`${url}/img/a`)
    await expect(broken.text()).rejects.toThrow('terminated')
    expect(edge.held()).toEqual([])
  })

  test('§1.7 a silent origin is a 504, one that is not there a 502', async () => {
    const { url } = await start(() => {}, 50)
    expect((await fetch(`${url}/img/a`)).status).toBe(504)
    const closed = createHttpOrigin('http://127.0.0.1:1', { readTimeoutMs: 500, completionTimeoutMs: 500 })
    const edge = createEdge(distribution({ clock: Date.now, gateway: closed }))
    expect((await edge.view('FRA56-P1', { method: 'GET', target: '/img/a', headers: {} })).status).toBe(502)
  })

  test('paths arrive as they were sent', async () => {
    const targets: unknown[] = []
    const { url } = await start((incoming, outgoing) => {
      targets.push(incoming.url)
      outgoing.end()
    })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.end('GET /img/a/../b//%2F HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\r\n')
    await once(socket.resume(), 'close')
    expect(targets).toEqual(['/img/a/../b//%2F'])
  })
})
