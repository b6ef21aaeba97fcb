import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { isPublicAddress } from '../../src/remote/public-address.ts'
import {
  bytes,
  type OtherServer,
  redirect,
  remoteOn,
  resolver,
  startOtherServer,
} from '../support/other-server.ts'

let inside: OtherServer

beforeAll(async () => {
  inside = await startOtherServer({ '/secret': bytes('the secret') })
})
beforeEach(() => {
  inside.seen.length = 0
})
afterAll(() => inside.close())

/** The addresses that every spelling below means, or something else that must not be reached. */
const SPELLINGS = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '0177.0.0.01',
  '0x7f.1',
  '127.0.0.1.',
  '127%2e0.0.1',
  '%31%32%37.0.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.0.0.1',
  '0',
  '0.0.0.0',
  '0x0',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
  '[2001:0:0:0:0:0:80ff:fffe]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[ff02::1]',
  '10.0.0.1',
  '0xa.0.0.1',
  '012.0.0.1',
  '167772161',
  '172.16.0.1',
  '192.168.0.1',
  '0xc0a80001',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ｌｏｃａｌｈｏｓｔ',
  'localtest.test',
  'xn--bcher-kva.test',
  'bücher.test',
] as const

describe('what means an address that is not on the public internet', () => {
  test('there are enough of them', () => expect(SPELLINGS.length).toBeGreaterThan(40))

  test.each(SPELLINGS)('%s is not connected to', async (host) => {
    const remote = remoteOn(inside.port, { allowAddress: isPublicAddress })
    const url = new URL(`http://${host}:${inside.port}/secret`)
    await expect(remote.lookUp(remote.parse(url))).rejects.toMatchObject({ code: 'source_not_allowed' })
    expect(inside.seen).toEqual([])
    remote.close()
  })

  test.each(SPELLINGS)('%s is not connected to where somebody redirects to it', async (host) => {
    const outside = await startOtherServer()
    const ports = [inside.port, outside.port].map((port) => ({ withSubdomains: false, port, path: '/' }))
    let isFirst = true
    const remote = remoteOn(inside.port, {
      allowed: ports,
      // The server that redirects is the one exception, until it has.
      allowAddress: (address) => isPublicAddress(address) || (isFirst && address === '127.0.0.1'),
      lookup: resolver().lookup,
    })
    const path = remote.parse(new URL(`http://outside.test:${outside.port}/a.jpg`))
    outside.on('/a.jpg', (response, request) => {
      isFirst = false
      redirect(`http://${host}:${inside.port}/secret`)(response, request)
    })
    await expect(remote.lookUp(path)).rejects.toMatchObject({ code: 'source_not_allowed' })
    expect(outside.seen).toHaveLength(1)
    expect(inside.seen).toEqual([])
    remote.close()
    outside.close()
  })

  test('without the guard, the server would be reached: these tests can fail', async () => {
    const remote = remoteOn(inside.port, { allowAddress: () => true })
    for (const host of ['127.1', '2130706433', '0x7f.1', 'localhost', 'bücher.test']) {
      remote.forgetAll()
      const path = remote.parse(new URL(`http://${host}:${inside.port}/secret`))
      expect(await remote.lookUp(path)).toMatchObject({ bytes: 10 })
    }
    expect(inside.seen).toHaveLength(5)
    remote.close()
  })
})

describe('DNS', () => {
  const PUBLIC = '93.184.216.34'

  test.each<[names: string[][], what: string]>([
    [[['127.0.0.1']], 'a private address'],
    [[[PUBLIC, '127.0.0.1']], 'a private address beside a public one'],
    [[['::1', PUBLIC]], 'the same in IPv6'],
    [[['::ffff:127.0.0.1']], 'a mapped address'],
  ])('%j: %s is refused', async (answers) => {
    const { lookup, asked } = resolver({ 'name.test': answers })
    const remote = remoteOn(inside.port, { allowAddress: isPublicAddress, lookup })
    const path = remote.parse(new URL(`http://name.test:${inside.port}/secret`))
    await expect(remote.lookUp(path)).rejects.toMatchObject({ code: 'source_not_allowed' })
    expect(asked).toEqual(['name.test'])
    expect(inside.seen).toEqual([])
    remote.close()
  })

  test('a name that means something else the second time is not asked a second time', async () => {
    // 127.0.0.1 stands for a public address, 127.0.0.2 for a private one.
    const { lookup, asked } = resolver({ 'rebind.test': [['127.0.0.1'], ['127.0.0.2']] })
    const remote = remoteOn(inside.port, { lookup })
    const path = remote.parse(new URL(`http://rebind.test:${inside.port}/secret`))
    expect(await remote.lookUp(path)).toMatchObject({ bytes: 10 })
    expect(asked).toEqual(['rebind.test'])
    remote.close()
  })

  test('each new connection checks what the name means then', async () => {
    const { lookup, asked } = resolver({ 'rebind.test': [['127.0.0.1'], ['127.0.0.2']] })
    inside.on('/once', (response) => response.writeHead(200, { connection: 'close' }).end('x'))
    const remote = remoteOn(inside.port, { lookup })
    const path = remote.parse(new URL(`http://rebind.test:${inside.port}/once`))
    expect(await remote.lookUp(path)).toMatchObject({ bytes: 1 })
    remote.forget(path.path)
    await expect(remote.lookUp(path)).rejects.toMatchObject({ code: 'source_not_allowed' })
    expect(asked).toHaveLength(2)
    expect(inside.seen).toHaveLength(1)
    remote.close()
  })

  test('a name without an address is its own failure', async () => {
    const { lookup } = resolver({ 'nowhere.test': [[]] })
    const remote = remoteOn(inside.port, { lookup })
    const path = remote.parse(new URL(`http://nowhere.test:${inside.port}/a.jpg`))
    await expect(remote.lookUp(path)).rejects.toMatchObject({ code: 'remote_unresolved' })
    remote.close()
  })
})

describe('URLs that are refused before anybody is asked', () => {
  test.each<[url: string, code: string]>([
    ['ftp://pictures.test/a.jpg', 'invalid_source_url'],
    ['file:///etc/passwd', 'invalid_source_url'],
    ['data:image/png;base64,AAAA', 'invalid_source_url'],
    ['gopher://127.0.0.1/', 'invalid_source_url'],
    ['http://user@pictures.test/a.jpg', 'invalid_source_url'],
    ['http://user:password@pictures.test/a.jpg', 'invalid_source_url'],
    ['http://:password@pictures.test/a.jpg', 'invalid_source_url'],
    [`http://pictures.test/${'a'.repeat(5000)}`, 'invalid_source_url'],
    ['http://pictures.test:22/a.jpg', 'source_not_allowed'],
    ['http://pictures.test/a.jpg', 'source_not_allowed'],
    ['http://www.shop.test/a.jpg', 'source_loop'],
    ['https://www.shop.test/a.jpg', 'source_loop'],
  ])('%s: %s', (url, code) => {
    const remote = remoteOn(inside.port, { ownHosts: ['www.shop.test'] })
    let thrown: unknown
    try {
      remote.parse(new URL(url))
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(GatewayError)
    expect(thrown).toMatchObject({ code })
    remote.close()
  })
})

describe('the site of the operator', () => {
  const site = () =>
    remoteOn(inside.port, { allowed: [], siteOrigin: inside.origin, allowAddress: isPublicAddress })

  test('may have a private address, since it was named', async () => {
    const remote = site()
    const path = remote.atSite('secret', '')
    expect(path?.url).toBe(`${inside.origin}/secret`)
    expect(path && (await remote.lookUp(path))).toMatchObject({ bytes: 10 })
    remote.close()
  })

  test('is that host and that port only', () => {
    const remote = site()
    for (const url of [
      `http://127.0.0.1:${inside.port + 1}/`,
      `http://localhost:${inside.port}/`,
      'http://127.0.0.1/',
    ]) {
      expect(() => remote.parse(new URL(url))).toThrow(/not among those that are allowed/)
    }
    remote.close()
  })

  test('cannot be reached by a redirect from another server', async () => {
    const outside = await startOtherServer({ '/a.jpg': redirect(`${inside.origin}/secret`) })
    const remote = remoteOn(outside.port, { siteOrigin: inside.origin })
    const path = remote.parse(new URL(`http://outside.test:${outside.port}/a.jpg`))
    await expect(remote.lookUp(path)).rejects.toMatchObject({ code: 'source_not_allowed' })
    expect(inside.seen).toEqual([])
    remote.close()
    outside.close()
  })

  test('may redirect to itself, and to nobody who is not allowed', async () => {
    inside.on('/moved', redirect('/secret', 301))
    inside.on('/away', redirect('http://elsewhere.test/a.jpg'))
    const remote = site()
    const [moved, away] = [remote.atSite('moved', ''), remote.atSite('away', '')]
    expect(moved && (await remote.lookUp(moved))).toMatchObject({ bytes: 10 })
    await expect(away && remote.lookUp(away)).rejects.toMatchObject({ code: 'source_not_allowed' })
    remote.close()
  })

  test('keeps the path and the query as they are, encoded', () => {
    const remote = site()
    expect(remote.atSite('für zwei/a?b#c.jpg', '?v=1&x=%20')?.url).toBe(
      `${inside.origin}/f%C3%BCr%20zwei/a%3Fb%23c.jpg?v=1&x=%20`,
    )
    remote.close()
  })

  test('is nothing where none is named', () => {
    const remote = remoteOn(inside.port)
    expect(remote.atSite('a.jpg', '')).toBeUndefined()
    remote.close()
  })
})
