import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHints } from '../../src/cloudflare-delivery/hints.ts'
import { CloudflarePlans } from '../../src/cloudflare-delivery/plans.ts'
import { createSourcePaths } from '../../src/cloudflare-delivery/source-paths.ts'
import { GatewayError } from '../../src/errors.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { createSizePolicy, type SizePolicyName } from '../../src/transform/size-policy.ts'
import { specName } from '../../src/transform/spec.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'

const presets = parsePresets('')
const native = createNativeDialect({ presets, signingKeys: [] })
const mounts = ['/cdn-cgi/image', '/i']

function open(policy: SizePolicyName = 'ladder') {
  const sourcePaths = createSourcePaths({
    mounts,
    native,
    hostPrefixes: new Map([['a.test', 'a/']]),
    ownHosts: new Set(['cdn.test']),
  })
  const sizes = createSizePolicy({ policy, presets })
  return new CloudflarePlans({ mounts, sizes, sourcePaths, keepsCopyright: false }, readHints)
}

const ask = (target: string, headers: Record<string, string> = {}, host = 'www.test') => ({
  target,
  host,
  headers: new Headers(headers),
})

describe('a plan', () => {
  test.each([
    ['/cdn-cgi/image/w=800,f=webp/items/42', 'items/42', '800.webp', 'allowed'],
    ['/i/w=800,f=webp/items/42', 'items/42', '800.webp', 'allowed'],
    ['/i/w=801,f=webp/a.jpg?v=1', 'a.jpg', '801.webp', 'budgeted'],
    ['/i/f=auto,w=320/a%20b.jpg', 'a b.jpg', '320,metadata=copyright.auto', 'allowed'],
    ['/i/f=json,w=320/a.jpg', 'a.jpg', '320.json', 'allowed'],
    ['/i/f=svg/a.svg', 'a.svg', 'drawing.svg', 'allowed'],
    ['/i/w=320,f=webp/https://cdn.test/img/items/42/64.jpg', 'items/42', '320.webp', 'allowed'],
  ])('for %s is of %s: %s, %s', (target, source, spec, outcome) => {
    const plans = open()
    const plan = plans.get(ask(target))
    expect(plan?.places.map(({ picture }) => [picture.source.path, specName(picture.spec)])).toEqual([
      [source, spec],
    ])
    expect(plan?.outcome).toBe(outcome)
  })

  test('of what nobody may fetch there is none', () => {
    expect(() => open().get(ask('/i/w=320,f=webp/http://a.test/b.jpg'))).toThrow(GatewayError)
  })

  test('is one and the same object for as long as it is known', () => {
    const plans = open()
    const asked = ask('/i/w=800/a.jpg')
    expect(plans.find(asked)).toBeUndefined()
    const plan = plans.get(asked)
    expect(plans.find(asked)).toBe(plan)
    expect(plans.get(asked)).toBe(plan)
  })

  test('is of one host', () => {
    const plans = open()
    const pathFor = (host: string) => plans.get(ask('/i/w=800/b.jpg', {}, host))?.places[0]?.source.path
    expect([pathFor('www.test'), pathFor('a.test'), pathFor('a.test:8080')]).toEqual([
      'b.jpg',
      'a/b.jpg',
      'a/b.jpg',
    ])
  })

  test.each([
    [{}, '1200'],
    [{ 'sec-ch-viewport-width': '700' }, '768'],
    [{ 'user-agent': 'Android' }, '768'],
  ])('with hints %j is %s pixels wide, known by them and not to others', (headers, width) => {
    const plans = open()
    plans.get(ask('/i/w=auto,f=webp/a.jpg', { 'sec-ch-viewport-width': '200' }))
    const asked = ask('/i/w=auto,f=webp/a.jpg', headers)
    expect(plans.find(asked)).toBeUndefined()
    const plan = plans.get(asked)
    expect(plan?.places.map(({ picture }) => specName(picture.spec))).toEqual([`${width}.webp`])
    expect(plan?.dependsOnHints).toBe(true)
    expect(plans.find(asked)).toBe(plan)
  })

  test('under `signed` is what is stored, but for presets', () => {
    expect(open('signed').get(ask('/i/w=801/a.jpg'))?.outcome).toBe('stored-only')
    expect(open('signed').get(ask('/i/w=800/a.jpg'))?.outcome).toBe('allowed')
    expect(open('any').get(ask('/i/w=801/a.jpg'))?.outcome).toBe('allowed')
  })

  test.each(['/i/w=800', '/i/w=800/', '/i//a.jpg', '/j/w=800/a.jpg', '/i'])('%s has none', (target) => {
    expect(open().get(ask(target))).toBeUndefined()
  })

  test('or a failure of ours comes of whatever strangers write', () => {
    const plans = open()
    const part = fc.constantFrom(
      'w=8',
      'f=auto',
      '/',
      'img',
      '..',
      '%2e',
      '%',
      ':',
      'http:',
      '\\',
      '@',
      '?',
      '\u0000',
      '=',
      ',',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, text, fc.string(), (options, source, host) => {
        try {
          const plan = plans.get(ask(`/i/${options}/${source}`, {}, host))
          for (const { source: at } of plan?.places ?? []) {
            expect(at.path).not.toMatch(/(?:^|\/)\.{0,2}(?:\/|$)/)
          }
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
        }
      }),
    )
  })
})

describe('hints', () => {
  test.each([
    [{ rtt: '151' }, true],
    [{ rtt: '150' }, false],
    [{ downlink: '4.9' }, true],
    [{ downlink: '5' }, false],
    [{ ect: '3g' }, true],
    [{ ect: '4g' }, false],
    [{ 'save-data': 'on' }, true],
    [{ 'save-data': 'off' }, false],
    [{ rtt: 'much', downlink: '' }, false],
    [{}, false],
  ])('%j: slow is %s', (headers, isSlow) => {
    expect(readHints(new Headers(headers as Record<string, string>)).isSlow).toBe(isSlow)
  })
})
