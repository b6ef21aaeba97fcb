import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { type Edits, formatEdits, MAX_EDITS_LENGTH } from '../../src/transform/edits.ts'
import { parseEdits } from '../../src/transform/parse-edits.ts'
import { fittedSize } from '../../src/transform/size.ts'

const rows: readonly [Edits, string][] = [
  [{ blur: 5 }, ',blur=5'],
  [{ quality: 70, blur: 5.5 }, ',blur=5.5,quality=70'],
  [{ rotate: 90, flip: 'hv' }, ',flip=hv,rotate=90'],
  [
    { trim: { by: 'sides', sides: { top: 0, right: 540, bottom: 0.25, left: 0 } } },
    ',trim=sides_0_540_0.25_0',
  ],
  [{ trim: { by: 'box', box: { left: 1, top: 2, height: 30 } } }, ',trim=box_1_2__30'],
  [{ trim: { by: 'border', border: {} } }, ',trim=border___'],
  [
    { trim: { by: 'border', border: { colour: 'ff0000', tolerance: 5, keep: 2 } } },
    ',trim=border_ff0000_5_2',
  ],
  [{ gravity: { by: 'remainder', x: 0.5, y: 0 } }, ',gravity=0.5_0'],
  [{ gravity: { by: 'centre', x: 0.25, y: 1 } }, ',gravity=centre_0.25_1'],
  [{ gravity: { by: 'entropy' } }, ',gravity=entropy'],
  [{ background: 'ff000080' }, ',background=ff000080'],
  [
    { brightness: 1.5, contrast: 0.5, gamma: 2, saturation: 0 },
    ',brightness=1.5,contrast=0.5,gamma=2,saturation=0',
  ],
  [{ border: { colour: '000000', top: 1, right: 2, bottom: 3, left: 4 } }, ',border=000000_1_2_3_4'],
  [{ draw: ['logo', '~eyJ0ZXh0IjoiYSJ9'] }, ',draw=logo.~eyJ0ZXh0IjoiYSJ9'],
  [{ baseline: true, fast: true, still: true, metadata: 'none' }, ',baseline=1,fast=1,still=1,metadata=none'],
]

/** The text again, where it is refused as where it is understood. */
function attempt(text: string): string {
  try {
    return formatEdits(parseEdits(text)).slice(1)
  } catch (error) {
    if (error instanceof GatewayError) return text
    throw error
  }
}

describe('edits', () => {
  it.each(rows)('%j is written %s, and read again', (edits, text) => {
    expect(formatEdits(edits)).toBe(text)
    expect(formatEdits(parseEdits(text.slice(1)))).toBe(text)
  })

  it('are nothing where there are none', () => {
    expect(formatEdits(undefined)).toBe('')
    expect(formatEdits({})).toBe('')
  })

  it.each([
    ['sepia=1', 'sepia: is no option; accepted are trim, flip'],
    ['blur=251', 'blur: must be a number from 0 to 250'],
    ['blur=1e2', 'blur: must be a number from 0 to 250'],
    ['quality=7.5', 'quality: must be a whole number from 1 to 100'],
    ['rotate=45', 'rotate: must be 90, 180 or 270'],
    ['background=red', 'background: must be a colour of 6 or 8 hexadecimal digits'],
    ['gravity=2_0', 'gravity: must be a number from 0 to 1'],
    ['gravity=left', 'gravity: must be {x}_{y}, centre_{x}_{y} or entropy'],
    ['trim=1_2', 'trim: must be sides_'],
    ['border=000000_1', 'border: must be {colour}_'],
    ['draw=Logo', 'draw: must be names of overlays'],
    ['draw=~eyJ0IjoiYSJ9', 'draw: the overlay ~eyJ0IjoiYSJ9: '],
    ['draw=~YQ', 'draw: the overlay ~YQ: is no base64url of JSON'],
    ['draw=a.a.a.a.a.a.a.a.a', 'draw: at most 8 overlays'],
    // {"opacity": 1, "text": "a"}
    ['draw=~eyJvcGFjaXR5IjogMSwgInRleHQiOiAiYSJ9', 'written draw=~eyJ0ZXh0IjoiYSJ9'],
    ['flip=x', 'flip: must be one of h, v, hv'],
    ['fast=0', 'fast: is left out, or 1'],
    ['quality=70,blur=5', 'options: have one spelling, and these are written blur=5,quality=70'],
    ['blur=5.0', 'options: have one spelling, and these are written blur=5'],
    ['blur=5,blur=5', 'options: have one spelling'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseEdits(text)).toThrow(GatewayError)
    expect(() => parseEdits(text)).toThrow(message)
  })

  it('are refused where no key has room for them', () => {
    const draw = Array.from({ length: 30 }, (_, index) => `overlay-number-${index}`)
    expect(() => formatEdits({ draw })).toThrow(`at most ${MAX_EDITS_LENGTH} characters`)
  })

  it('of any text nothing foreign is thrown', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(attempt(text)).toBe(text)
      }),
    )
  })
})

describe('fittedSize: one size for all that means the same', () => {
  it.each([
    ['pad', 80, undefined, { fit: 'contain', width: 80 }],
    ['cover', undefined, 60, { fit: 'contain', height: 60 }],
    ['cover', 80, 60, { fit: 'cover', width: 80, height: 60 }],
    ['scale-down', 80, undefined, { fit: 'width', width: 80 }],
    ['crop', undefined, 60, { fit: 'height', height: 60 }],
    ['aspect-crop', 80, 60, { fit: 'aspect-crop', width: 80, height: 60 }],
    ['squeeze', undefined, 60, { fit: 'squeeze', height: 60 }],
    ['scale-up', undefined, undefined, { fit: 'original' }],
  ] as const)('%s of %s by %s', (fit, width, height, size) => {
    expect(fittedSize(fit, width, height)).toEqual(size)
  })
})
