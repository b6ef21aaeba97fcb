import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import { parseSize, sidesOf } from '../../src/transform/size.ts'
import {
  createSizePolicy,
  SIZE_POLICIES,
  type SizePolicyName,
  type SizeRequest,
} from '../../src/transform/size-policy.ts'
import type { Edits } from '../../src/transform/edits.ts'
import {
  type AskedSpec,
  FACTS_NAMES,
  measureOf,
  type Size,
  sizeName,
  sizeOf,
} from '../../src/transform/spec.ts'

const presets = parsePresets('card=410,hero=1700x901,tall=x510')
const unsigned = { signed: false }

const RUNGS = [
  16, 32, 48, 64, 96, 128, 160, 200, 256, 320, 384, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1600,
  1920, 2048, 2560, 3840,
]

describe('ladder', () => {
  const policy = createSizePolicy({ policy: 'ladder', presets })
  const rule = (name: string): string | undefined => {
    const ruling = policy.check(request(name), unsigned)
    return ruling.outcome === 'redirect' ? sizeNameOf(ruling.spec) : ruling.outcome
  }

  it.each(RUNGS)('allows %d as a width and as a height', (side) => {
    expect([rule(`${side}`), rule(`x${side}`), rule(`${side}x${side}`)]).toEqual(Array(3).fill('allowed'))
  })

  it.each([
    // Widths and heights go to the next larger rung.
    ['1', '16'],
    ['17', '32'],
    ['801', '828'],
    ['2561', '3840'],
    ['x600', 'x640'],
    ['x3839', 'x3840'],
    // Sides of presets need no rung, and are none for others.
    ['300', 'allowed'],
    ['x300', 'allowed'],
    ['299', '320'],
    ['410', 'allowed'],
    ['1700', 'allowed'],
    ['x901', 'allowed'],
    ['510', 'allowed'],
    ['original', 'allowed'],
    // A preset at a density is checked after it, like any other size; a box of the operator's own is not.
    ['450', '480'],
    ['615', '640'],
    ['1230', '1280'],
    ['x765', 'x800'],
    ['765', '800'],
    ['1700x901', 'allowed'],
    ['2550x1352', 'allowed'],
    ['5100x2703', 'allowed'],
    // Boxes: every ratio, the height rounded.
    ['800x800', 'allowed'],
    ['800x600', 'allowed'],
    ['750x563', 'allowed'],
    ['800x1067', 'allowed'],
    ['800x533', 'allowed'],
    ['800x1200', 'allowed'],
    ['800x450', 'allowed'],
    ['800x1422', 'allowed'],
    ['3840x6827', 'allowed'],
    ['16x9', 'allowed'],
    // Less than a pixel off.
    ['800x534', '800x533'],
    ['750x562', '750x563'],
    ['640x426', '640x427'],
    // A rounded box at a density: 640x427@3x and 750x563@2x.
    ['1920x1281', '1920x1280'],
    ['1500x1126', '1600x1200'],
    // Another width goes up with its ratio; the nearest ratio, where two are near.
    ['810x540', '828x552'],
    ['1000x1000', '1080x1080'],
    ['100x56', '128x72'],
    ['3x2', '16x11'],
    ['410x410', '480x480'],
  ])('%s: %s', (name, expected) => {
    expect(rule(name)).toBe(expected)
  })

  it.each([
    ['3841', 'width 3841: must be at most 3840 pixels'],
    ['x4000', 'height 4000: must be at most 3840 pixels'],
    ['4000x3000', 'width 4000: must be at most 3840 pixels'],
    ['800x700', 'box 800x700: its ratio must be one of 1:1, 4:3, 3:4, 3:2, 2:3, 16:9, 9:16'],
    ['800x601', 'box 800x601: its ratio'],
    ['800x599', 'box 800x599: its ratio'],
    ['640x428', 'box 640x428: its ratio'],
  ])('refuses %s', (name, message) => {
    expect(() => rule(name)).toThrow(
      expect.objectContaining({ code: 'size_not_allowed', message: expect.stringContaining(message) }),
    )
  })

  it('allows the size of the source, preset or not', () => {
    const bare = createSizePolicy({ policy: 'ladder', presets: new Map() })
    expect(bare.check(request('original'), unsigned)).toEqual({ outcome: 'allowed' })
  })

  it('keeps the format in a redirect', () => {
    expect(
      policy.check({ ...request('801'), spec: { fit: 'width', width: 801, format: 'avif' } }, unsigned),
    ).toEqual({ outcome: 'redirect', spec: { fit: 'width', width: 828, format: 'avif' } })
  })

  it('redirects to what it allows, never to fewer pixels across', () => {
    const redirects = anySize()
      .map((size) => ({ size, ruling: attempt(() => policy.check(requestOf(size), unsigned)) }))
      .filter(({ ruling }) => ruling?.outcome === 'redirect')
    fc.assert(
      fc.property(redirects, ({ size, ruling }) => {
        const spec = ruling?.outcome === 'redirect' ? ruling.spec : undefined
        if (!spec) return
        expect(policy.check({ spec, preset: false }, unsigned)).toEqual({ outcome: 'allowed' })
        const larger = sizeOf(spec)
        expect(larger?.fit).toBe(size.fit)
        expect(across(larger ?? size)).toBeGreaterThanOrEqual(across(size))
      }),
    )
  })
})

describe('any', () => {
  const policy = createSizePolicy({ policy: 'any', presets })

  it.each(['801', 'x7', '801x700', '16384', 'original'])('allows %s', (name) => {
    expect(policy.check(request(name), unsigned)).toEqual({ outcome: 'allowed' })
  })
})

describe('signed', () => {
  const policy = createSizePolicy({ policy: 'signed', presets })

  it.each([
    // Presets, also as a versioned path spells them.
    ['800', 'allowed'],
    ['300', 'allowed'],
    ['1700x901', 'allowed'],
    ['x510', 'allowed'],
    ['original', 'allowed'],
    // Its numbers at a density are a size like any other: stored under its name, served under its numbers.
    ['450', 'stored-only'],
    // A side of a preset is not the preset.
    ['1700', 'stored-only'],
    ['x800', 'stored-only'],
    ['640', 'stored-only'],
    ['800x600', 'stored-only'],
  ])('%s without a signature: %s', (name, outcome) => {
    expect(policy.check(request(name), unsigned)).toEqual({ outcome })
  })
})

describe('every policy', () => {
  const policies = SIZE_POLICIES.map((policy) => createSizePolicy({ policy, presets }))

  it('allows any size with a signature', () => {
    fc.assert(
      fc.property(fc.constantFrom(...policies), anySize(), (policy, size) => {
        expect(policy.check(requestOf(size), { signed: true })).toEqual({ outcome: 'allowed' })
      }),
    )
  })

  it('allows facts, which are of no size', () => {
    for (const policy of policies) {
      for (const facts of FACTS_NAMES) {
        expect(policy.check({ spec: { facts }, preset: false }, unsigned)).toEqual({ outcome: 'allowed' })
      }
    }
  })

  it('says of how large a picture would be what it says of the picture', () => {
    fc.assert(
      fc.property(fc.constantFrom(...policies), anySize(), (policy, size) => {
        const rule = (spec: AskedSpec) =>
          attempt(() => {
            const ruling = policy.check({ spec, preset: false }, unsigned)
            return ruling.outcome === 'redirect' ? sizeNameOf(ruling.spec) : ruling.outcome
          })
        expect(rule(measureOf(size))).toEqual(rule({ ...size, format: 'webp' }))
      }),
    )
  })

  it('sends whoever measures to what it measures there', () => {
    const ladder = createSizePolicy({ policy: 'ladder', presets })
    const measured = measureOf({ fit: 'width', width: 801, edits: { rotate: 90 } })
    expect(ladder.check({ spec: measured, preset: false }, unsigned)).toEqual({
      outcome: 'redirect',
      spec: { facts: 'measure', of: { fit: 'width', width: 828, edits: { rotate: 90 } } },
    })
  })

  it('allows what is a preset, by its numbers', () => {
    for (const policy of policies) {
      for (const name of ['300', '410', 'x510', '1700x901', '2550x1352', '5100x2703', 'original']) {
        expect(policy.check(request(name), unsigned), name).toEqual({ outcome: 'allowed' })
      }
    }
  })
})

describe('the name of a preset at a density', () => {
  const ruling = (policy: SizePolicyName) =>
    createSizePolicy({ policy, presets }).check({ ...request('600'), preset: true }, unsigned)

  it('goes to the next rung of the ladder, and is allowed where only presets are', () => {
    expect(ruling('ladder')).toMatchObject({ outcome: 'redirect', spec: { width: 640 } })
    expect(ruling('signed')).toEqual({ outcome: 'allowed' })
    expect(ruling('any')).toEqual({ outcome: 'allowed' })
  })
})

function anySize(): fc.Arbitrary<Size> {
  const side = fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 16_384 }))
  return fc.oneof(
    side.map((width): Size => ({ fit: 'width', width })),
    side.map((height): Size => ({ fit: 'height', height })),
    fc.record({ fit: fc.constant('cover' as const), width: side, height: side }),
    // Boxes near a ratio: most random ones are refused.
    fc
      .tuple(
        side,
        fc.constantFrom(1, 3 / 4, 4 / 3, 2 / 3, 3 / 2, 9 / 16, 16 / 9),
        fc.integer({ min: -1, max: 1 }),
      )
      .map(
        ([width, ratio, off]): Size => ({
          fit: 'cover',
          width,
          height: Math.max(1, Math.round(width * ratio) + off),
        }),
      ),
  )
}

function sizeNameOf(spec: AskedSpec): string | undefined {
  const size = sizeOf(spec)
  return size && sizeName(size)
}

/** The width, or the height where only that is given. */
function across(size: Size): number {
  const { width, height } = sidesOf(size)
  return width ?? height ?? 0
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

function request(name: string): SizeRequest {
  const size = name === 'original' ? ({ fit: 'original' } as const) : parseSize(name)
  if (!size) throw new Error(`${name} is no size`)
  return requestOf(size)
}

function requestOf(size: Size): SizeRequest {
  return { spec: { ...size, format: 'webp' }, preset: false }
}

describe('a dialect that takes any size', () => {
  const policy = createSizePolicy({ policy: 'ladder', presets })
  const rule = (size: Size, edits?: Edits) =>
    policy.check(
      { spec: { ...size, format: 'webp', ...(edits && { edits }) }, preset: false },
      { signed: false, takesAnySize: true },
    ).outcome

  it.each<[Size, Edits | undefined, string]>([
    [{ fit: 'width', width: 800 }, undefined, 'allowed'],
    [{ fit: 'width', width: 801 }, undefined, 'budgeted'],
    [{ fit: 'cover', width: 123, height: 77 }, undefined, 'budgeted'],
    [{ fit: 'width', width: 9000 }, undefined, 'budgeted'],
    [{ fit: 'pad', width: 800, height: 600 }, undefined, 'allowed'],
    [{ fit: 'pad', width: 800, height: 599 }, undefined, 'budgeted'],
    [{ fit: 'contain', width: 410 }, undefined, 'allowed'],
    [{ fit: 'original' }, undefined, 'allowed'],
    [{ fit: 'width', width: 800 }, { quality: 75 }, 'allowed'],
    [{ fit: 'width', width: 800 }, { quality: 76 }, 'budgeted'],
    [{ fit: 'width', width: 800 }, { blur: 5 }, 'budgeted'],
    [{ fit: 'width', width: 800 }, { flip: 'h', quality: 75, metadata: 'none' }, 'allowed'],
    [{ fit: 'width', width: 800 }, { flip: 'h', still: true }, 'budgeted'],
    [{ fit: 'width', width: 800 }, { draw: ['logo', 'sale'] }, 'allowed'],
    [{ fit: 'width', width: 800 }, { draw: ['logo', 'logo', 'logo'] }, 'budgeted'],
    [{ fit: 'width', width: 800 }, { draw: ['~eyJ0ZXh0IjoiYSJ9'] }, 'stored-only'],
    [{ fit: 'cover', width: 800, height: 600 }, { gravity: { by: 'remainder', x: 0.5, y: 1 } }, 'allowed'],
    [{ fit: 'cover', width: 800, height: 600 }, { gravity: { by: 'remainder', x: 0.33, y: 1 } }, 'budgeted'],
  ])('%j with %j is %s', (size, edits, outcome) => {
    expect(rule(size, edits)).toBe(outcome)
  })

  it('draws overlays of strangers where the operator lets them', () => {
    const lenient = createSizePolicy({ policy: 'ladder', presets, inlineOverlays: true })
    const spec = { fit: 'width', width: 800, format: 'webp', edits: { draw: ['~eyJ0ZXh0IjoiYSJ9'] } } as const
    expect(lenient.check({ spec, preset: false }, unsigned).outcome).toBe('budgeted')
  })

  it('is held to what is stored where sizes must be signed', () => {
    const signed = createSizePolicy({ policy: 'signed', presets })
    const spec = { fit: 'width', width: 801, format: 'webp' } as const
    expect(signed.check({ spec, preset: false }, { signed: false, takesAnySize: true }).outcome).toBe(
      'stored-only',
    )
  })
})

describe('edits on the ladder', () => {
  const policy = createSizePolicy({ policy: 'ladder', presets })

  it('go with the size to the next rung', () => {
    const spec = { fit: 'pad', width: 400, height: 300, format: 'webp', edits: { blur: 5 } } as const
    expect(policy.check({ spec, preset: false }, unsigned)).toEqual({
      outcome: 'redirect',
      spec: { ...spec, width: 480, height: 360 },
    })
  })

  it('of many values draw on a budget, whoever asks', () => {
    const spec = { fit: 'width', width: 800, format: 'webp', edits: { blur: 5 } } as const
    expect(policy.check({ spec, preset: false }, unsigned).outcome).toBe('budgeted')
    expect(policy.check({ spec, preset: false }, { signed: true }).outcome).toBe('allowed')
  })
})
