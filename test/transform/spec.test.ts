import { describe, expect, it } from 'vitest'
import { checkSides, parseSize, scaleSize } from '../../src/transform/size.ts'
import { measureOf, type Size, sizeName, specName } from '../../src/transform/spec.ts'

const NAMES: readonly (readonly [string, Size])[] = [
  ['800', { fit: 'width', width: 800 }],
  ['x600', { fit: 'height', height: 600 }],
  ['800x600', { fit: 'cover', width: 800, height: 600 }],
]

describe('sizes and their names', () => {
  it.each(NAMES)('%s is read and written', (name, size) => {
    expect(parseSize(name)).toEqual(size)
    expect(sizeName(size)).toBe(name)
    expect(specName({ ...size, format: 'webp' })).toBe(`${name}.webp`)
  })

  it.each(['', 'x', '800x', 'x600x', '-1', '1.5', '8e2', 'original', '800x600x2', ' 800', '８００'])(
    '%j is no size',
    (text) => {
      expect(parseSize(text)).toBeUndefined()
    },
  )

  it('writes how large a picture would be as JSON of its size', () => {
    expect(specName(measureOf({ fit: 'width', width: 800 }))).toBe('800.json')
    expect(specName(measureOf({ fit: 'original', edits: { rotate: 270, quality: 30 } }))).toBe(
      'original,rotate=90.json',
    )
  })

  it('keeps in a measure that there is one frame only', () => {
    const edits = { still: true, blur: 3 } as const
    expect(measureOf({ fit: 'width', width: 8, edits })).toEqual({
      facts: 'measure',
      of: { fit: 'width', width: 8, edits: { still: true } },
    })
  })

  it('leaves out of a measure what changes no side', () => {
    const edits = { flip: 'h', rotate: 180, blur: 3, background: 'ff0000' } as const
    expect(measureOf({ fit: 'pad', width: 8, height: 9, edits })).toEqual({
      facts: 'measure',
      of: { fit: 'pad', width: 8, height: 9 },
    })
    const border = { colour: '000000', top: 1, right: 1, bottom: 1, left: 1 }
    const trim = { by: 'border', border: {} } as const
    expect(measureOf({ fit: 'original', edits: { trim, border, gamma: 2 } }).of.edits).toEqual({
      trim,
      border,
    })
  })

  it('writes the size of the source as a word', () => {
    expect(specName({ fit: 'original', format: 'png' })).toBe('original.png')
  })
})

describe('scaleSize', () => {
  it.each([
    ['800', 2, '1600'],
    ['333', 1.5, '500'], // 499.5 goes up
    ['x101', 1.5, 'x152'], // 151.5 too
    ['x100', 3, 'x300'],
    ['801x533', 1.5, '1202x800'],
    ['10x20', 1, '10x20'],
  ] as const)('%s at %d is %s', (name, density, scaled) => {
    expect(sizeName(scaleSize(sizeOf(name), density))).toBe(scaled)
  })

  it('leaves the size of the source alone', () => {
    expect(scaleSize({ fit: 'original' }, 3)).toEqual({ fit: 'original' })
  })
})

describe('checkSides', () => {
  it.each(['1', '16384', 'x1', 'x16384', '1x16384'])('takes %s', (name) => {
    expect(sizeName(checkSides(sizeOf(name)))).toBe(name)
  })

  it.each([
    ['0', 'width: must be 1 to 16384 pixels'],
    ['16385', 'width: must be 1 to 16384 pixels'],
    [`1${'0'.repeat(400)}`, 'width: must be 1 to 16384 pixels'],
    ['x0', 'height: must be 1 to 16384 pixels'],
    ['800x16385', 'height: must be 1 to 16384 pixels'],
    ['0x800', 'width: must be 1 to 16384 pixels'],
  ])('refuses %s', (name, message) => {
    expect(() => checkSides(sizeOf(name))).toThrow(
      expect.objectContaining({ code: 'invalid_target', message: expect.stringContaining(message) }),
    )
  })
})

function sizeOf(name: string): Size {
  const size = parseSize(name)
  if (!size) throw new Error(`${name} is no size`)
  return size
}
