import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createReadClientAddress,
  limitedAddress,
  parseViewerAddress,
} from '../../src/limits/client-address.ts'
import { createLimits, type Limits, type LimitsOptions } from '../../src/limits/limits.ts'
import { SharedCount, type SharedCountLog } from '../../src/limits/shared-count.ts'
import { freePort, program, startServer, stopServer } from '../support/valkey.ts'

const made: Limits[] = []
afterEach(() => {
  for (const limits of made.splice(0)) limits.close()
})

function openLimits(options: Partial<LimitsOptions> = {}): Limits {
  const limits = createLimits({
    perMinute: { tickets: 3, completes: 2, 'private-renders': 0 },
    usersPerAddress: 2,
    ...options,
  })
  made.push(limits)
  return limits
}

const SILENT: SharedCountLog = { info: () => {}, warn: () => {} }

const user = (principal: string | undefined, address?: string) => ({
  principal,
  address,
})

async function granted(limits: Limits, times: number, caller = user('u1')): Promise<number> {
  let count = 0
  for (let asked = 0; asked < times; asked += 1) {
    if ((await limits.take('tickets', caller))?.isGranted === true) count += 1
  }
  return count
}

describe('limits in memory', () => {
  test('count each user by themselves, and each thing', async () => {
    const limits = openLimits()
    expect(await granted(limits, 5)).toBe(3)
    expect(await granted(limits, 5, user('u2'))).toBe(3)
    expect(await limits.take('completes', user('u1'))).toMatchObject({
      isGranted: true,
      quota: 2,
      remaining: 1,
    })
    expect(await limits.take('private-renders', user('u1'))).toBeUndefined()
  })

  test('count addresses too, for as many users as one may hide', async () => {
    const limits = openLimits()
    expect(await granted(limits, 9, user(undefined, '192.0.2.1'))).toBe(6)
    expect(await granted(limits, 9, user('u1', '192.0.2.1'))).toBe(0)
    expect(await granted(limits, 9, user('u2', '192.0.2.2'))).toBe(3)
    // What was refused by the user's own limit has cost the address nothing.
    expect(await granted(limits, 9, user('u3', '192.0.2.2'))).toBe(3)
  })

  test('tell the smaller rest', async () => {
    const limits = openLimits()
    await granted(limits, 5, user(undefined, '192.0.2.1'))
    expect(await limits.take('tickets', user('u1', '192.0.2.1'))).toMatchObject({ quota: 6, remaining: 0 })
    expect(await limits.take('tickets', user('u1', '192.0.2.9'))).toMatchObject({ quota: 3, remaining: 1 })
  })
})

describe('a client address', () => {
  const secret = 'a secret of the distribution'
  const from = { 'x-forwarded-for': 'made up, 203.0.113.5, 198.51.100.6' }
  test.each([
    [0, {}, '192.0.2.1'],
    [0, from, '192.0.2.1'],
    [0, { ...from, 'x-origin-verify': 'guessed' }, '192.0.2.1'],
    [0, { ...from, 'x-origin-verify': secret }, '198.51.100.6'],
    [1, from, '198.51.100.6'],
    [1, { ...from, 'x-origin-verify': secret }, '203.0.113.5'],
    [3, from, '192.0.2.1'],
    [1, {}, '192.0.2.1'],
    [2, { 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
  ])('with %i proxies and %j is %s', (trustedHops, headers, expected) => {
    const read = createReadClientAddress({ trustedHops, originSecrets: [secret] })
    expect(read(new Headers(headers as Record<string, string>), '192.0.2.1')).toBe(expected)
  })

  const proxies = [
    { address: '10.0.0.0', bits: 8 },
    { address: 'fd00::', bits: 8 },
  ]
  test.each([
    ['198.51.100.6', '10.0.0.1', {}],
    ['198.51.100.6', 'fd00::1', {}],
    ['198.51.100.6', '::ffff:10.0.0.1', {}],
    ['198.51.100.6', '10.0.0.1', { 'x-forwarded-for': '203.0.113.5, 198.51.100.6, 10.1.1.1' }],
    ['192.0.2.1', '192.0.2.1', {}],
    ['203.0.113.5', '10.0.0.1', { 'x-origin-verify': secret }],
    ['198.51.100.6', '192.0.2.1', { 'x-origin-verify': secret }],
    ['10.9.9.9', '10.0.0.1', { 'x-forwarded-for': '10.9.9.9' }],
    ['10.0.0.1', '10.0.0.1', { 'x-forwarded-for': 'made up' }],
  ])('is %s behind proxies of our networks: socket %s, %j', (expected, socketAddress, headers) => {
    const read = createReadClientAddress({ trustedHops: 0, trustedProxies: proxies, originSecrets: [secret] })
    const all = new Headers({ ...from, ...headers })
    expect(read(all, socketAddress)).toBe(expected)
  })

  test('is what the edge says, where the request shows that it comes from there', () => {
    const read = createReadClientAddress({
      trustedHops: 1,
      trustedProxies: proxies,
      originSecrets: ['old', secret],
      edgeTellsViewer: true,
    })
    const told = { ...from, 'cloudfront-viewer-address': '[2001:db8::7]:46532' }
    const address = (headers: Record<string, string>) => read(new Headers(headers), '10.0.0.1')
    expect(address({ ...told, 'x-origin-verify': secret })).toBe('2001:db8::7')
    expect(address(told)).toBe('198.51.100.6')
    expect(address({ ...told, 'x-origin-verify': 'guessed' })).toBe('198.51.100.6')
    expect(address({ ...told, 'cloudfront-viewer-address': 'nonsense:1', 'x-origin-verify': secret })).toBe(
      '203.0.113.5',
    )
  })

  test('is not what the edge says, where a viewer might have said it', () => {
    const read = createReadClientAddress({ trustedHops: 0, originSecrets: [secret] })
    const told = { ...from, 'x-origin-verify': secret, 'cloudfront-viewer-address': '203.0.113.9:1' }
    expect(read(new Headers(told), '192.0.2.1')).toBe('198.51.100.6')
  })

  test.each([
    ['198.51.100.10:46532', '198.51.100.10'],
    ['[2001:db8::1]:46532', '2001:db8::1'],
    ['2001:db8::1:46532', '2001:db8::1'],
    ['2001:db8::1:8080', '2001:db8::1'],
    ['2001:0db8:85a3:0000:0000:8a2e:0370:7334:443', '2001:0db8:85a3:0000:0000:8a2e:0370:7334'],
    ['198.51.100.10', undefined],
    ['198.51.100.10:', undefined],
    ['[2001:db8::1]', undefined],
    ['[2001:db8::1:46532', undefined],
    ['198.51.100.10:46532, 192.0.2.1:1', undefined],
    ['localhost:1', undefined],
    ['', undefined],
    [null, undefined],
  ])('of the edge, %s, is read as %s', (value, expected) => {
    expect(parseViewerAddress(value)).toBe(expected)
  })

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::6', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
  ])('%s is counted as %s', (address, expected) => {
    expect(limitedAddress(address)).toBe(expected)
  })
})

if (program === undefined)
  console.warn('Skipped: limits that replicas share need redis-server or valkey-server')

describe.skipIf(program === undefined)('limits on a Redis', () => {
  let server: ChildProcess
  let port: number

  beforeEach(async () => {
    port = await freePort()
    server = await startServer(port)
    return async () => stopServer(server)
  })

  test('are counted together by replicas', async () => {
    const redisUrl = `redis://127.0.0.1:${port}`
    const replicas = [await connected(redisUrl), await connected(redisUrl)] as const
    expect(await granted(replicas[0], 2)).toBe(2)
    expect(await granted(replicas[1], 5)).toBe(1)
  })

  test('are counted in memory while it is away, and together when it is back', async () => {
    const said: string[] = []
    let heard = () => {}
    const say = (text: string) => {
      said.push(text)
      heard()
    }
    const until = async (count: number) => {
      while (said.length < count) await new Promise<void>((resolve) => (heard = resolve))
    }
    const log = { info: say, warn: (_: object, text: string) => say(text) }
    const limits = await connected(`redis://127.0.0.1:${port}`, log)
    expect(await granted(limits, 5)).toBe(3)
    await stopServer(server)
    await until(1)
    expect(await granted(limits, 5)).toBe(3)
    server = await startServer(port)
    await until(2)
    expect(await granted(limits, 5)).toBe(3)
    expect(said).toEqual([
      'limits are counted in memory: the shared count is away',
      'limits are counted together again',
    ])
  })

  /** Limits that have reached the server: what is counted before is counted in memory. */
  async function connected(redisUrl: string, log: SharedCountLog = SILENT): Promise<Limits> {
    const limits = openLimits({ shared: new SharedCount(redisUrl, log) })
    await limits.ready()
    return limits
  }
})
