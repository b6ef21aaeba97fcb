import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isMarked } from '../../src/remote/fetch-remote.ts'
import { Admission } from '../../src/admission/admission.ts'
import { FairBudget } from '../../src/admission/fair-budget.ts'
import type { RemoteOptions } from '../../src/remote/remote-sources.ts'
import { bytes, type OtherServer, redirect, remoteOn, startOtherServer } from '../support/other-server.ts'

let server: OtherServer
const closing: (() => void)[] = []

beforeEach(async () => {
  server = await startOtherServer()
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
  server.close()
})

function remoteWith(options: Partial<RemoteOptions> = {}, port = server.port) {
  const remote = remoteOn(port, options)
  closing.push(() => remote.close())
  const at = (path: string, host = 'pictures.test') => remote.parse(new URL(`http://${host}:${port}${path}`))
  return { ...remote, at, find: (path: string) => remote.lookUp(at(path)) }
}

/** A server that is none: writes these bytes for whatever it is asked, and ends unless it is to stay. */
async function startRawServer(text: string, { stays = false } = {}) {
  const sockets = new Set<Socket>()
  const raw = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => (stays ? socket.write(text) : socket.end(text)))
  })
  raw.listen(0, '127.0.0.1')
  await once(raw, 'listening')
  const address = raw.address()
  closing.push(() => {
    raw.close()
    for (const socket of sockets) socket.destroy()
  })
  return address !== null && typeof address === 'object' ? address.port : 0
}

describe('what is asked', () => {
  test('says who asks, and nothing of anybody else', async () => {
    server.on('/a.jpg?v=3', bytes('x'))
    await remoteWith().find('/a.jpg?v=3')
    const [request] = server.seen
    expect(request?.headers).toEqual({
      accept: 'image/*',
      'accept-encoding': 'identity',
      'user-agent': 'halftone',
      via: '1.1 image-resizing (halftone)',
      host: `pictures.test:${server.port}`,
      connection: 'keep-alive',
    })
  })

  test('is once for all who want the same URL', async () => {
    server.on('/a.jpg', bytes('x'))
    const remote = remoteWith()
    const found = await Promise.all(Array.from({ length: 20 }, () => remote.find('/a.jpg')))
    expect(new Set(found).size).toBe(1)
    expect(server.seen).toHaveLength(1)
  })

  test('is refused at once beyond so many at a time, which is not held against the server', async () => {
    const held: (() => void)[] = []
    const asked = new Promise<void>((resolve) => {
      server.on('/a', (response, request) => {
        held.push(() => bytes('x')(response, request))
        resolve()
      })
    })
    server.on('/b', bytes('x'))
    const remote = remoteWith({ admission: new Admission({ slots: 1, maxQueued: 0, maxWaitMs: 0 }) })
    const first = remote.find('/a')
    await asked
    await expect(remote.find('/b')).rejects.toMatchObject({ code: 'overloaded' })
    for (const answer of held) answer()
    await first
    expect(await remote.find('/b')).toMatchObject({ bytes: 1 })
  })

  test('sets no cookie that was given', async () => {
    server.on('/a.jpg', (response) =>
      response.writeHead(302, { location: '/b.jpg', 'set-cookie': 'a=1' }).end(),
    )
    server.on('/b.jpg', bytes('x'))
    await remoteWith().find('/a.jpg')
    expect(server.seen.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined])
  })
})

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%i is followed, relative and absolute', async (status) => {
    server.on('/a', redirect('b/c.jpg', status))
    server.on('/b/c.jpg', redirect(`http://other.test:${server.port}/d.jpg#top`, status))
    server.on('/d.jpg', bytes('the end'))
    expect(await remoteWith().find('/a')).toMatchObject({ bytes: 7 })
    expect(server.seen.map(({ url }) => url)).toEqual(['/a', '/b/c.jpg', '/d.jpg'])
  })

  test('what they lead to is spelled in UTF-8, encoded or not', async () => {
    server.on('/a', redirect('/für.jpg'))
    server.on('/f%C3%BCr.jpg', bytes('x'))
    expect(await remoteWith().find('/a')).toMatchObject({ bytes: 1 })
  })

  test('are followed three times and no further', async () => {
    for (let hop = 0; hop < 4; hop += 1) server.on(`/${hop}`, redirect(`/${hop + 1}`))
    server.on('/4', bytes('x'))
    const remote = remoteWith()
    expect(await remote.find('/1')).toMatchObject({ bytes: 1 })
    await expect(remote.find('/0')).rejects.toMatchObject({ code: 'too_many_redirects' })
  })

  test('in a circle end', async () => {
    server.on('/a', redirect('/b'))
    server.on('/b', redirect('/a'))
    await expect(remoteWith().find('/a')).rejects.toMatchObject({ code: 'too_many_redirects' })
    expect(server.seen).toHaveLength(4)
  })

  test.each<[to: string, code: string]>([
    ['ftp://pictures.test/a.jpg', 'invalid_source_url'],
    ['file:///etc/passwd', 'invalid_source_url'],
    ['http://user:password@pictures.test/', 'invalid_source_url'],
    ['http://pictures.test:22/', 'source_not_allowed'],
    ['http://www.shop.test/', 'source_loop'],
    ['http://[', 'remote_failed'],
  ])('to %s: %s', async (to, code) => {
    server.on('/a', redirect(to))
    await expect(remoteWith({ ownHosts: ['www.shop.test'] }).find('/a')).rejects.toMatchObject({ code })
  })

  test('to nowhere are failures', async () => {
    server.on('/a', (response) => response.writeHead(302).end())
    await expect(remoteWith().find('/a')).rejects.toMatchObject({ code: 'remote_failed' })
  })

  test('may not leave the list', async () => {
    const allowed = [{ host: 'pictures.test', withSubdomains: false, port: server.port, path: '/photos/' }]
    server.on('/photos/a', redirect('/private/b.jpg'))
    server.on('/photos/b', redirect(`http://other.test:${server.port}/photos/b.jpg`))
    const remote = remoteWith({ allowed })
    await expect(remote.find('/photos/a')).rejects.toMatchObject({ code: 'source_not_allowed' })
    await expect(remote.find('/photos/b')).rejects.toMatchObject({ code: 'source_not_allowed' })
    expect(server.seen).toHaveLength(2)
  })
})

describe('statuses', () => {
  test.each([404, 410])('%i is nothing', async (status) => {
    server.on('/a', (response) => response.writeHead(status).end('gone'))
    expect(await remoteWith().find('/a')).toBeUndefined()
  })

  test.each<[status: number, code: string]>([
    [400, 'remote_refused'],
    [401, 'remote_refused'],
    [403, 'remote_refused'],
    [429, 'remote_refused'],
    [500, 'remote_failed'],
    [503, 'remote_failed'],
    [508, 'source_loop'],
    [201, 'remote_failed'],
    [206, 'remote_failed'],
    [300, 'remote_failed'],
    [304, 'remote_failed'],
  ])('%i: %s', async (status, code) => {
    server.on('/a', (response) => response.writeHead(status).end())
    await expect(remoteWith().find('/a')).rejects.toMatchObject({ code })
  })

  test.each<[headers: Record<string, string>]>([
    [{ 'cf-resized': 'internal=ok/m' }],
    [{ via: '1.1 Image-Resizing (other)' }],
  ])('a picture that has been resized already is a loop: %j', async (headers) => {
    server.on('/a', bytes('x', headers))
    await expect(remoteWith().find('/a')).rejects.toMatchObject({ code: 'source_loop' })
  })

  test('a request with our mark is known by it, and no other', () => {
    expect(isMarked('1.1 image-resizing (halftone)')).toBe(true)
    expect(isMarked('1.1 cdn.test, 1.1 IMAGE-RESIZING')).toBe(true)
    expect(isMarked('1.1 cdn.test')).toBe(false)
    expect(isMarked(undefined)).toBe(false)
    expect(isMarked(null)).toBe(false)
  })
})

describe('bodies', () => {
  test('are read as far as there is room, and then wait for each other', async () => {
    const held: (() => void)[] = []
    for (const path of ['/a', '/b']) {
      server.on(path, (response) => {
        response.writeHead(200, { 'content-length': '600' }).write('x')
        held.push(() => response.end(Buffer.alloc(599)))
      })
    }
    const reading = new FairBudget({ capacity: 1000 })
    const remote = remoteWith({ reading })
    const both = Promise.all([remote.find('/a'), remote.find('/b')])
    await vi.waitUntil(() => reading.stats.waiting === 1 && held.length === 2)
    expect(reading.stats.used).toBe(600)
    for (const end of held) end()
    expect(await both).toMatchObject([{ bytes: 600 }, { bytes: 600 }])
    expect(reading.stats).toEqual({ used: 0, waiting: 0 })
  })

  test('of the limit are taken, larger ones refused, with a length and without', async () => {
    server.on('/fits', bytes(Buffer.alloc(1000)))
    server.on('/large', bytes(Buffer.alloc(1001)))
    server.on('/chunked', (response) => {
      response.writeHead(200)
      response.write(Buffer.alloc(600))
      response.end(Buffer.alloc(401))
    })
    const remote = remoteWith({ maxBytes: 1000 })
    expect(await remote.find('/fits')).toMatchObject({ bytes: 1000 })
    await expect(remote.find('/large')).rejects.toMatchObject({ code: 'source_too_large' })
    await expect(remote.find('/chunked')).rejects.toMatchObject({ code: 'source_too_large' })
  })

  test('that never end are given up at the limit', async () => {
    const ended = new Promise<void>((resolve) => {
      server.on('/endless', (response) => {
        const pour = () => {
          while (response.write(Buffer.alloc(16_384)) && !response.destroyed);
        }
        response.on('drain', pour).on('close', resolve)
        response.writeHead(200)
        pour()
      })
    })
    await expect(remoteWith({ maxBytes: 50_000 }).find('/endless')).rejects.toMatchObject({
      code: 'source_too_large',
    })
    // The connection is given up as well.
    await ended
  })

  test('that come too slowly are given up', async () => {
    const ended = new Promise<void>((resolve) => {
      server.on('/slow', (response) => {
        response.on('close', resolve)
        response.writeHead(200, { 'content-length': '1000' })
        response.write('a little')
      })
    })
    await expect(remoteWith({ timeoutMs: 100 }).find('/slow')).rejects.toMatchObject({
      code: 'remote_timed_out',
    })
    await ended
  })

  test('are waited for no longer than redirects, heads and bodies may take together', async () => {
    server.on('/a', redirect('/silent'))
    server.on('/silent', () => {})
    await expect(remoteWith({ timeoutMs: 100 }).find('/a')).rejects.toMatchObject({
      code: 'remote_timed_out',
    })
  })

  test('that are packed are refused, however small', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    server.on('/bomb', bytes(bomb, { 'content-encoding': 'gzip' }))
    server.on('/plain', bytes('x', { 'content-encoding': 'identity' }))
    const remote = remoteWith()
    await expect(remote.find('/bomb')).rejects.toMatchObject({ code: 'remote_failed' })
    expect(await remote.find('/plain')).toMatchObject({ bytes: 1 })
  })

  test.each([
    ['shorter than they say', 'remote_unreachable', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'],
    [
      'without their last chunk',
      'remote_unreachable',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
    ],
    [
      'of two lengths',
      'remote_failed',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
    ['of no HTTP', 'remote_failed', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['of nothing at all', 'remote_unreachable', ''],
    ['with a head without end', 'remote_failed', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}`],
  ])('%s are failures: %s', async (_, code, text) => {
    const port = await startRawServer(text)
    const reading = new FairBudget({ capacity: 1000 })
    await expect(remoteWith({ reading }, port).find('/a')).rejects.toMatchObject({ code })
    expect(reading.stats).toEqual({ used: 0, waiting: 0 })
  })

  test('longer than they say are cut there: the rest is no answer to anything', async () => {
    const port = await startRawServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef', { stays: true })
    const remote = remoteWith({}, port)
    expect(await remote.find('/a')).toMatchObject({ bytes: 2 })
  })
})

test('a server that does not listen is unreachable', async () => {
  server.close()
  await expect(remoteWith().find('/a')).rejects.toMatchObject({ code: 'remote_unreachable' })
})

test('what clients are told names no address', async () => {
  server.on('/a', redirect('http://169.254.169.254/latest/'))
  await expect(
    remoteWith({
      allowed: [
        { withSubdomains: false, path: '/' },
        { withSubdomains: false, port: server.port, path: '/' },
      ],
    }).find('/a'),
  ).rejects.toMatchObject({ message: 'The server of the source is not on the public internet' })
})
