import { describe, expect, it } from 'vitest'
import { parsePresets } from '../../src/transform/presets.ts'
import { sizeName } from '../../src/transform/spec.ts'

const BUILT_IN = { thumbnail: '300', medium: '800', large: '1200', original: 'original' }

describe('parsePresets', () => {
  it.each([
    ['', {}],
    ['  ', {}],
    ['card=400,hero=1600x900', { card: '400', hero: '1600x900' }],
    [' card = x400 , a_b-9=1x1 ', { card: 'x400', 'a_b-9': '1x1' }],
    ['medium=900', { medium: '900' }],
    ['x=5,xl=6', { x: '5', xl: '6' }],
  ])('%j', (text, own) => {
    const named = Object.fromEntries([...parsePresets(text)].map(([name, size]) => [name, sizeName(size)]))
    expect(named).toEqual({ ...BUILT_IN, ...own })
  })

  it.each([
    [
      'card',
      'preset "card": must be given a width (card=400), a height (card=x300) or a box (card=1600x900)',
    ],
    ['card=400,', 'preset "": a name is 1 to 64 of a-z'],
    ['=400', 'preset "": a name is 1 to 64 of a-z'],
    ['Card=400', 'preset "Card": a name is 1 to 64 of a-z'],
    ['9=400', 'preset "9": a name is 1 to 64 of a-z'],
    [`${'a'.repeat(65)}=400`, 'a name is 1 to 64 of a-z'],
    ['a.b=400', 'preset "a.b": a name is 1 to 64 of a-z'],
    ['x600=400', 'preset "x600": the name reads as a height'],
    ['original=400', 'preset "original": cannot be given another size'],
    ['card=original', 'preset "card": must be given a width'],
    ['card=', 'preset "card": must be given a width'],
    ['card=400=500', 'preset "card": must be given a width'],
    ['card=0', 'preset "card": width: must be 1 to 16384 pixels'],
    ['card=1x16385', 'preset "card": height: must be 1 to 16384 pixels'],
    ['card=400,card=500', 'preset "card": is named twice'],
  ])('refuses %j', (text, message) => {
    expect(() => parsePresets(text)).toThrow(
      expect.objectContaining({ code: 'invalid_target', message: expect.stringContaining(message) }),
    )
  })

  it('names all faults at once', () => {
    expect(() => parsePresets('A=1,b=2,c=0')).toThrow(/preset "A": .*; preset "c": /)
  })
})
