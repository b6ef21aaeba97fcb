import { MAX_SIDE } from '../transform/size.ts'
import { FITS } from '../transform/spec.ts'
import {
  breakpoints,
  colour,
  extent,
  factor,
  fault,
  fourSides,
  type FourSides,
  gravity,
  MAX_BORDER,
  number,
  overlays,
  quality,
  type Reader,
  unlessJunk,
  whole,
  word,
  wordOrJunk,
} from './option-values.ts'

const side: Reader<number> = unlessJunk(whole({ min: 1, max: MAX_SIDE }))

const sideOrAuto: Reader<number | 'auto'> = (text, name) => (text === 'auto' ? text : side(text, name))

const trim: Reader<'border' | FourSides> = (text, name) => {
  if (text === 'border') return text
  const sides = fourSides(text, (value) => extent(value, name))
  if (sides !== undefined) return sides
  throw fault(name, 'must be border, or four values {top};{right};{bottom};{left}')
}

const frameSide: Reader<number> = whole({ min: 0, max: MAX_BORDER })

const frame: Reader<FourSides> = (text, name) => {
  const sides = fourSides(text, (value) => frameSide(value, name))
  if (sides !== undefined) return sides
  const all = frameSide(text, name) ?? 0
  return { top: all, right: all, bottom: all, left: all }
}

interface Option<Value> {
  readonly aliases?: readonly string[]
  readonly read: Reader<Value>
}

const option = <Value>(read: Reader<Value>, ...aliases: readonly string[]): Option<Value> => ({
  read,
  aliases,
})

/**
 * Every option that is understood, by its long name. What stands here as `Junk` is all that is passed over in the value
 * of an option: everything else that cannot be read is refused.
 */
const OPTIONS = {
  width: option(sideOrAuto, 'w'),
  wbreakpoints: option(breakpoints),
  wmobile: option(whole({ min: 1, max: MAX_SIDE })),
  wdesktop: option(whole({ min: 1, max: MAX_SIDE })),
  height: option(side, 'h'),
  dpr: option(unlessJunk(number({ min: 0.001, max: 1000 }))),
  fit: option(wordOrJunk('cover', ...FITS)),
  gravity: option(gravity, 'g'),
  zoom: option(number({ min: 0, max: 1 }), 'face-zoom'),
  trim: option(trim),
  'trim.top': option(extent),
  'trim.right': option(extent),
  'trim.bottom': option(extent),
  'trim.left': option(extent),
  'trim.width': option(extent),
  'trim.height': option(extent),
  'trim.border.color': option(colour),
  'trim.border.tolerance': option(whole({ min: 0, max: 255 })),
  'trim.border.keep': option(whole({ min: 0, max: 100_000 })),
  rotate: option(word('0', '90', '180', '270', '360')),
  flip: option(word('h', 'v', 'hv')),
  background: option(colour),
  blur: option(number({ min: 0, max: 250 })),
  sharpen: option(number({ min: 0, max: 10 })),
  brightness: option(factor),
  contrast: option(factor),
  gamma: option(factor),
  saturation: option(factor),
  border: option(frame),
  'border.color': option(colour),
  'border.width': option(frameSide),
  'border.top': option(frameSide),
  'border.right': option(frameSide),
  'border.bottom': option(frameSide),
  'border.left': option(frameSide),
  draw: option(overlays),
  segment: option(word('foreground')),
  upscale: option(word('interpolate', 'generate')),
  format: option(readFormat, 'f'),
  quality: option(quality, 'q'),
  'slow-connection-quality': option(quality, 'scq'),
  anim: option(word('true', 'false')),
  compression: option(word('fast')),
  metadata: option(word('copyright', 'keep', 'none')),
  onerror: option(word('redirect')),
} as const satisfies Record<string, Option<unknown>>

type OptionName = keyof typeof OPTIONS

const isOption = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name)

/** What was given, option by option; of several the last that could be read. */
export type GivenOptions = {
  readonly [Name in OptionName]?: NonNullable<ReturnType<(typeof OPTIONS)[Name]['read']>>
}

/** All options with their aliases, as they are written. */
export const OPTION_SPELLINGS: ReadonlyMap<string, OptionName> = new Map(
  Object.keys(OPTIONS)
    .filter(isOption)
    .flatMap((name) => [name, ...(OPTIONS[name].aliases ?? [])].map((spelling) => [spelling, name] as const)),
)

/** Reads decoded options. Unknown ones are dropped; throws `invalid_target` for a value that is not accepted. */
export function readOptions(text: string): GivenOptions {
  let given: GivenOptions = {}
  const pairs = splitPairs(text)
  if (pairs.length === 0) throw fault('options', 'must be at least one {option}={value}, with commas between')
  for (const [spelling, value] of pairs) {
    const name = OPTION_SPELLINGS.get(spelling)
    if (name === undefined) continue
    const read = OPTIONS[name].read(value, name)
    if (read !== undefined) given = { ...given, [name]: read }
  }
  return given
}

/** The pairs between commas; commas in brackets belong to a colour. */
function splitPairs(text: string): readonly (readonly [name: string, value: string])[] {
  let depth = 0
  let start = 0
  const parts: string[] = []
  for (let at = 0; at <= text.length; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth = Math.max(0, depth - 1)
    const isEnd = at === text.length || (text[at] === ',' && depth === 0)
    if (!isEnd) continue
    parts.push(text.slice(start, at))
    start = at + 1
  }
  return parts.flatMap((part) => {
    const equals = part.indexOf('=')
    return equals > 0 ? [[part.slice(0, equals), part.slice(equals + 1)] as const] : []
  })
}

const FORMATS = ['auto', 'avif', 'webp', 'jpeg', 'baseline-jpeg', 'png', 'png-force', 'json', 'svg'] as const

function readFormat(text: string, name: string): (typeof FORMATS)[number] {
  const found = FORMATS.find((format) => format === text)
  if (found !== undefined) return found
  throw fault(name, `'${text}' is no format that can be made; accepted are ${FORMATS.join(', ')}`)
}
