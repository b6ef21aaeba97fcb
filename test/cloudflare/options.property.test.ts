import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OPTION_SPELLINGS } from '../../src/cloudflare/option-table.ts'
import { type AskedOptions, parseOptions } from '../../src/cloudflare/parse-options.ts'
import { GatewayError } from '../../src/errors.ts'
import { formatEdits } from '../../src/transform/edits.ts'
import { parseEdits } from '../../src/transform/parse-edits.ts'
import { printOptions } from './print-options.ts'
import { nativeName, SILENT } from './understood.ts'

const RUNS = { numRuns: 3000 }

const spelling = fc.constantFrom(...OPTION_SPELLINGS.keys())
const decimal = fc.double({ min: -1, max: 300, noNaN: true }).map((value) => value.toFixed(5))
const words = `
  auto cover crop pad squeeze aspect-crop scale-up contain left entropy face
  0.2x0.7 0.2x0.7;box-center border 1;0.5;3;4 90 180 270 h v hv red #01020304
  rgb(1,2,3) transparent low high 85 100 true false fast keep none copyright
  jpeg webp png-force baseline-jpeg json svg redirect foreground generate a;~b ( )
`
  .trim()
  .split(/\s+/)
const value = fc.oneof(
  fc.constantFrom(...words),
  decimal,
  fc.integer({ min: 0, max: 3000 }).map(String),
  fc.string({ maxLength: 8 }),
)
const pair = fc.tuple(spelling, value)
const keepsCopyright = fc.boolean()

describe('any options', () => {
  it('are understood or refused, and nothing foreign is thrown', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(pair, fc.tuple(fc.string(), fc.string())), { maxLength: 6 }).map(joined),
    )
    fc.assert(
      fc.property(text, keepsCopyright, (text, keepsCopyright) => {
        expect(attempt(text, keepsCopyright)?.warnings ?? []).toBeInstanceOf(Array)
      }),
      RUNS,
    )
  })
})

describe('options that are understood', () => {
  it('print canonically, and parse to the same again', () => {
    let understood = 0
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 5 }), keepsCopyright, (pairs, keepsCopyright) => {
        const asked = attempt(readable(pairs, keepsCopyright), keepsCopyright)
        if (asked === undefined) return
        understood += 1
        const operators = keepsCopyright ? 'copyright' : 'none'
        const printed = printOptions(asked, operators)
        const again = parseOptions(printed, SILENT, { keepsCopyright })
        expect(essenceOf(again)).toEqual(essenceOf(asked))
        expect(printOptions(again, operators)).toBe(printed)
        expect(again.dependsOnHints).toBe(false)
      }),
      RUNS,
    )
    expect(understood).toBeGreaterThan(RUNS.numRuns / 2)
  })

  it('have edits that a native URL can spell', () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 5 }), (pairs) => {
        const edits = attempt(readable(pairs, true), true)?.edits
        if (edits === undefined) return
        expect(formatEdits(parseEdits(formatEdits(edits).slice(1)))).toBe(formatEdits(edits))
      }),
      RUNS,
    )
  })

  it('mean the same by their aliases, in any order, and however numbers are written', () => {
    const spellings = fc.tuple(
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
      fc.tuple(fc.constantFrom('w', 'width'), fc.constantFrom('800', '0800', '800.0')),
      fc.tuple(fc.constantFrom('h', 'height'), fc.constantFrom('600', '600.')),
      fc.tuple(fc.constantFrom('q', 'quality'), fc.constantFrom('70', 'medium-high', '70.0')),
      fc.tuple(
        fc.constantFrom('g', 'gravity'),
        fc.constantFrom('left', '0x0.5', '0.0x.5', '0x.5;box-center'),
      ),
      fc.tuple(fc.constant('fit'), fc.constant('cover')),
    )
    fc.assert(
      fc.property(spellings, ([order, ...pairs]) => {
        const text = joined(order.flatMap((at) => [pairs[at] ?? ['', '']]))
        expect(nativeName(parseOptions(text, SILENT, { keepsCopyright: true }))).toBe(
          '800x600,gravity=0_0.5,quality=70.plain',
        )
      }),
    )
  })
})

const joined = (pairs: readonly (readonly string[])[]): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join(',')

/** Of some pairs those that are accepted by themselves: most sets of five have one that is not. */
function readable(pairs: readonly (readonly string[])[], keepsCopyright: boolean): string {
  return joined([['anim', 'true'], ...pairs.filter((pair) => attempt(joined([pair]), keepsCopyright))])
}

/** What the picture depends on. */
const essenceOf = ({ size, edits, format, redirectsOnError }: AskedOptions) => ({
  size,
  edits,
  format,
  redirectsOnError,
})

function attempt(text: string, keepsCopyright: boolean): AskedOptions | undefined {
  try {
    return parseOptions(text, SILENT, { keepsCopyright })
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}
