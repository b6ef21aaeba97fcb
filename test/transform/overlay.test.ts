import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import {
  COMPOSITES,
  formatInline,
  isInline,
  OverlayFault,
  parseInline,
  readOverlay,
} from '../../src/transform/overlay.ts'

describe('an overlay', () => {
  it.each<[unknown, unknown]>([
    [{ url: '/brand/logo.png' }, { url: 'brand/logo.png' }],
    [
      { bottom: 8, right: 8, opacity: 0.5, width: 0.25, url: 'a.png' },
      { url: 'a.png', width: 0.25, opacity: 0.5, bottom: 8, right: 8 },
    ],
    [
      {
        url: 'a',
        opacity: 1,
        fit: 'scale-down',
        gravity: 'center',
        repeat: false,
        rotate: 0,
        blur: 0,
        composite: 'over',
      },
      { url: 'a' },
    ],
    [{ text: 'A', size: 32, colour: '#FFFFFF', font: 'sans', align: 'left' }, { text: 'A' }],
    [
      { text: 'A', background: '#FF000080' },
      { text: 'A', background: 'ff000080' },
    ],
    [
      { url: 'a', width: 9, height: 9, fit: 'cover', gravity: { y: 1, x: 0 } },
      { url: 'a', width: 9, height: 9, fit: 'cover', gravity: { x: 0, y: 1 } },
    ],
  ])('%j has one spelling, %j', (given, canonical) => {
    expect(JSON.stringify(readOverlay(given))).toBe(JSON.stringify(canonical))
  })

  it.each<[unknown, string]>([
    [{}, 'url: a key of the bucket'],
    [null, 'expected object'],
    [
      { url: 'https://a.example/b.png' },
      'url: a key of the bucket, such as brand/logo.png; other servers are not',
    ],
    [{ url: '//a.example/b.png' }, 'url: a key of the bucket'],
    [{ url: 'a\nhttp://b' }, 'url: a key of the bucket'],
    [{ url: 'a', text: 'b' }, 'url'],
    [{ url: 'a', colour: '#ffffff' }, 'colour'],
    [{ text: ' \n ' }, 'text: 1 to 200 characters'],
    [{ text: 'a\u0000' }, 'text: 1 to 200 characters'],
    [{ text: 'a'.repeat(201) }, 'text: 1 to 200 characters'],
    [{ text: 'a', font: 'sans; evil' }, 'font: the name of a font family'],
    [{ text: 'a', size: 0 }, 'size: a fraction of the picture, up to 1, or whole pixels up to 1000'],
    [{ url: 'a', width: 1.5 }, 'width: a fraction of the picture, up to 1, or whole pixels up to 16384'],
    [{ url: 'a', top: 1, bottom: 1 }, 'top, bottom: give one of them'],
    [{ url: 'a', left: 0, right: 0 }, 'left, right: give one of them'],
    [{ url: 'a', top: 0.5 }, 'top: whole pixels'],
    [{ url: 'a', opacity: 1.1 }, 'opacity: a number from 0 to 1'],
    [{ url: 'a', rotate: 45 }, 'rotate: one of 0, 90, 180, 270'],
    [{ url: 'a', blur: 251 }, 'blur: a number from 0 to 250'],
    [{ url: 'a', background: 'red' }, 'background: a colour of 6 or 8 hexadecimal digits'],
    [{ url: 'a', composite: 'multiply' }, `composite: one of ${COMPOSITES.join(', ')}`],
    [{ url: 'a', repeat: 'z' }, 'repeat: true, "x" or "y"'],
    [{ url: 'a', gravity: 'face' }, 'gravity: one of auto, center'],
    [{ url: 'a', fit: 'cover', width: 1 }, 'fit: cover needs width and height'],
    [{ url: 'a', fit: 'contain' }, 'fit: contain needs width or height'],
  ])('%j is refused: %s', (given, fault) => {
    expect(() => readOverlay(given)).toThrow(OverlayFault)
    expect(() => readOverlay(given)).toThrow(fault)
  })
})

describe('an overlay in a URL', () => {
  it('is read as it is written', () => {
    const overlay = readOverlay({ text: 'Größe «1» 尺寸', opacity: 0.5, left: 4 })
    const name = formatInline(overlay)
    expect(name).toMatch(/^~[A-Za-z0-9_-]+$/)
    expect(isInline(name)).toBe(true)
    expect(parseInline(name)).toEqual(overlay)
  })

  const plausible = fc.record(
    {
      url: fc.constantFrom('a.png', '/b/c.png', '//c.png'),
      width: fc.constantFrom(0.5, 1, 100, -1),
      fit: fc.constantFrom('scale-down', 'cover', 'contain', 'stretch'),
      opacity: fc.double({ min: -0.1, max: 1.1 }),
      repeat: fc.constantFrom(true, false, 'x', 'z'),
      left: fc.integer({ min: -1, max: 20_000 }),
      right: fc.integer({ min: -1, max: 20_000 }),
      composite: fc.constantFrom('over', 'xor', 'add'),
    },
    { requiredKeys: ['url'] },
  )
  const sound = fc.record({
    text: fc.string({ minLength: 1, maxLength: 5 }),
    top: fc.integer({ min: 0, max: 99 }),
  })
  const anything = fc.oneof(plausible, sound, fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()))

  it('is understood or refused in words, whatever it is', () => {
    const known = (name: string) => {
      try {
        return formatInline(parseInline(name))
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'invalid_target') return undefined
        throw error
      }
    }
    let understood = 0
    fc.assert(
      fc.property(anything, (json) => {
        const name = known(`~${Buffer.from(JSON.stringify(json)).toString('base64url')}`)
        if (name === undefined) return
        understood += 1
        expect(known(name)).toBe(name)
      }),
      { numRuns: 2_000 },
    )
    expect(understood).toBeGreaterThan(10)
    fc.assert(fc.property(fc.string(), (text) => void known(`~${text}`)))
  })
})
