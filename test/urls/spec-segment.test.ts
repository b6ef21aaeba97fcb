import { describe, expect, it } from 'vitest'
import { parsePresets } from '../../src/transform/presets.ts'
import { specName } from '../../src/transform/spec.ts'
import { parseSpecSegment } from '../../src/urls/spec-segment.ts'

const presets = parsePresets('card=400,hero=1600x900,strip=x90')

describe('parseSpecSegment', () => {
  it.each([
    // segment, canonical spec, its own spelling, preset
    ['800.webp', '800.webp', '800.webp', false],
    ['x600.avif', 'x600.avif', 'x600.avif', false],
    ['800x600.jpg', '800x600.jpg', '800x600.jpg', false],
    ['1.png', '1.png', '1.png', false],
    ['16384x16384.png', '16384x16384.png', '16384x16384.png', false],
    // Densities.
    ['800@1x.webp', '800.webp', '800@1x.webp', false],
    ['333@1.5x.webp', '500.webp', '333@1.5x.webp', false],
    ['800x600@2x.webp', '1600x1200.webp', '800x600@2x.webp', false],
    ['x100@3x.webp', 'x300.webp', 'x100@3x.webp', false],
    ['8192@2x.webp', '16384.webp', '8192@2x.webp', false],
    // Presets.
    ['thumbnail.webp', '300.webp', 'thumbnail.webp', true],
    ['medium.webp', '800.webp', 'medium.webp', true],
    ['large@2x.webp', '2400.webp', 'large@2x.webp', true],
    ['original.webp', 'original.webp', 'original.webp', true],
    ['card.jpg', '400.jpg', 'card.jpg', true],
    ['hero@1.5x.avif', '2400x1350.avif', 'hero@1.5x.avif', true],
    ['strip.png', 'x90.png', 'strip.png', true],
    // A format to be negotiated.
    ['800.auto', '800.auto', '800.auto', false],
    ['medium@2x.auto', '1600.auto', 'medium@2x.auto', true],
    ['original.auto', 'original.auto', 'original.auto', true],
    // Other fits, and what else is done.
    ['800x600,fit=pad.webp', '800x600,fit=pad.webp', '800x600,fit=pad.webp', false],
    ['800,fit=pad.webp', '800,fit=contain.webp', '800,fit=contain.webp', false],
    ['x600,fit=crop.webp', 'x600.webp', 'x600.webp', false],
    [
      '400x300@2x,fit=squeeze,blur=2.png',
      '800x600,fit=squeeze,blur=2.png',
      '400x300@2x,fit=squeeze,blur=2.png',
      false,
    ],
    ['card,quality=70.jpg', '400,quality=70.jpg', 'card,quality=70.jpg', false],
    ['original,rotate=90.png', 'original,rotate=90.png', 'original,rotate=90.png', false],
    ['800,flip=h.auto', '800,flip=h.auto', '800,flip=h.auto', false],
    // Upper case, leading zeros, jpeg.
    ['0800.webp', '800.webp', '800.webp', false],
    ['X0600.WEBP', 'x600.webp', 'x600.webp', false],
    ['00800X0600@02X.JPEG', '1600x1200.jpg', '800x600@2x.jpg', false],
    ['800@01.5x.webp', '1200.webp', '800@1.5x.webp', false],
    ['800.jpeg', '800.jpg', '800.jpg', false],
    ['0400@2X.AUTO', '800.auto', '400@2x.auto', false],
    ['Medium.Jpeg', '800.jpg', 'medium.jpg', true],
    ['ORIGINAL.png', 'original.png', 'original.png', true],
    [`${'0'.repeat(500)}9.png`, '9.png', '9.png', false],
    // Facts.
    ['info.json', 'info.json', 'info.json', false],
    ['thumbhash', 'thumbhash', 'thumbhash', false],
    ['Info.JSON', 'info.json', 'info.json', false],
    ['THUMBHASH', 'thumbhash', 'thumbhash', false],
    // How large a picture would be.
    ['0800.JSON', '800.json', '800.json', false],
    ['medium.json', '800.json', 'medium.json', true],
    [
      '400@2x,fit=contain,rotate=270,quality=70.json',
      '800,fit=contain,rotate=90.json',
      '400@2x,fit=contain,rotate=90.json',
      false,
    ],
    ['medium,quality=70.json', '800.json', 'medium.json', true],
  ])('%s', (text, name, spelling, preset) => {
    const segment = parseSpecSegment(text, presets)
    expect({ ...segment, spec: specName(segment.spec) }).toEqual({ spec: name, spelling, preset })
  })

  const FORM = 'last segment: must be {size}.{format} or {size}@{n}x.{format}'
  const SIZE = 'size: must be a width (800), a height (x600), a box (800x600) or one of thumbnail, medium,'
  const SIDE = 'must be 1 to 16384 pixels, after @n'
  const FORMAT = 'format: must be one of avif, webp, jpg, png'
  const DENSITY = 'density: must be one of @1x, @1.5x, @2x, @3x'

  it.each([
    // The form.
    ['', FORM],
    ['800', FORM],
    ['800', 'or one of info.json, thumbhash'],
    ['info', FORM],
    ['info.jsonp', SIZE],
    ['info@2x.json', SIZE],
    ['800.jsonl', FORMAT],
    ['thumbhash.webp', SIZE],
    ['.webp', FORM],
    ['800.', FORM],
    ['800@2.webp', FORM],
    ['800@x.webp', FORM],
    ['800@2x@2x.webp', FORM],
    ['800.5.webp', FORM],
    ['-800.webp', SIZE],
    ['+800.webp', FORM],
    ['800 .webp', FORM],
    ['８００.webp', FORM],
    ['\u212Aard.webp', FORM], // the Kelvin sign is a k in lower case, but no letter of ours
    // The size.
    ['x.webp', SIZE],
    ['800x.webp', SIZE],
    ['x600x.webp', SIZE],
    ['huge.webp', SIZE],
    ['constructor.webp', SIZE],
    ['__proto__.webp', SIZE],
    ['0.webp', SIDE],
    ['x0.webp', SIDE],
    ['800x0.webp', SIDE],
    ['16385.webp', SIDE],
    ['8193@2x.webp', SIDE],
    ['99999999999999999999999.webp', SIDE],
    // The density.
    ['800@0x.webp', DENSITY],
    ['800@4x.webp', DENSITY],
    ['800@1.50x.webp', DENSITY],
    ['800@.5x.webp', DENSITY],
    ['800@1.x.webp', DENSITY],
    ['original@2x.webp', 'density: "original" is of the source\'s own size and takes none'],
    ['original@1x.webp', 'density: "original"'],
    // The format.
    ['800.bmp', FORMAT],
    ['800.autos', FORMAT],
    ['800.tiff', FORMAT],
    ['medium.jpe', FORMAT],
  ])('refuses %j', (text, message) => {
    expect(() => parseSpecSegment(text, presets)).toThrow(
      expect.objectContaining({ code: 'invalid_target', message: expect.stringContaining(message) }),
    )
  })
})
