import { GatewayError } from '../errors.ts'
import type { Colour, Gravity } from '../transform/edits.ts'
import { readOverlayNames } from '../transform/parse-edits.ts'
import { parseCssColour } from './css-colour.ts'

/** Reads the text of one option: `undefined` stands for junk that is treated as if it were not there. */
export type Reader<Value> = (text: string, name: string) => Value | undefined

/** Bounds of a number, both included. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** A target that is not understood, because of one option. */
export function fault(name: string, message: string): GatewayError {
  return new GatewayError('invalid_target', `${name}: ${message}`)
}

const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)$/

/** The decimals that a spec keeps. */
const STEP = 1000

const rounded = (value: number): number => Math.round(value * STEP) / STEP

const numberOf = (text: string): number => (NUMBER.test(text) ? Number(text) : Number.NaN)

/** A number, rounded to the decimals of a spec. */
export function number({ min, max }: Bounds): Reader<number> {
  return (text, name) => {
    const value = numberOf(text)
    if (value >= min && value <= max) return rounded(value)
    throw fault(name, `must be a number from ${min} to ${max}`)
  }
}

/** The largest factor: 255 is refused. */
const MAX_FACTOR = 254.999

/** A factor from 0 to below 255: what rounds to nothing is the smallest there is, since 0 means something else. */
export const factor: Reader<number> = (text, name) => {
  const value = numberOf(text)
  if (!(value >= 0 && value < 255)) throw fault(name, 'must be a number from 0 to below 255')
  if (value === 0) return 0
  return Math.min(Math.max(Math.round(value * STEP), 1) / STEP, MAX_FACTOR)
}

/** A whole number. */
export function whole(bounds: Bounds): Reader<number> {
  return (text, name) => {
    const value = numberOf(text)
    if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return Math.abs(value)
    throw fault(name, `must be a whole number from ${bounds.min} to ${bounds.max}`)
  }
}

/** The same, but what is no number at all is as if it were not there. */
export function unlessJunk<Value>(read: Reader<Value>): Reader<Value> {
  return (text, name) => (Number.isNaN(numberOf(text)) ? undefined : read(text, name))
}

/** One of some words. */
export function word<Word extends string>(...accepted: readonly Word[]): Reader<Word> {
  return (text, name) => {
    const found = accepted.find((word) => word === text)
    if (found !== undefined) return found
    throw fault(name, `must be one of ${accepted.join(', ')}`)
  }
}

/** One of some words; another is as if it were not there. */
export function wordOrJunk<Word extends string>(...accepted: readonly Word[]): Reader<Word> {
  return (text) => accepted.find((word) => word === text)
}

export const colour: Reader<Colour> = (text, name) => {
  const found = parseCssColour(text)
  if (found !== undefined) return found
  throw fault(name, 'must be a colour of CSS, such as red, %23ff0000 or rgb(255 0 0 / 50%25)')
}

/** The largest number of pixels that is cut off or kept. */
const MAX_PIXELS = 100_000

/** Whole pixels, or a fraction of the side below 1. */
export const extent: Reader<number> = (text, name) => {
  const value = numberOf(text)
  if (Number.isInteger(value) && !text.includes('.') && value >= 0 && value <= MAX_PIXELS)
    return Math.abs(value)
  if (value === 0) return 0
  // A fraction must not round to what means pixels, or nothing.
  if (value > 0 && value < 1) return Math.min(Math.max(Math.round(value * STEP), 1), STEP - 1) / STEP
  throw fault(name, `must be whole pixels, 0 to ${MAX_PIXELS}, or a fraction such as 0.25`)
}

/** The widest side of a border, in pixels. */
export const MAX_BORDER = 10_000

/** Four values with `;` between them, as top, right, bottom and left. */
export interface FourSides {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/** `{top};{right};{bottom};{left}`, each read by `read`; `undefined` for another count. */
export function fourSides(text: string, read: (text: string) => number | undefined): FourSides | undefined {
  const values = text.split(';')
  if (values.length !== 4) return undefined
  const [top = 0, right = 0, bottom = 0, left = 0] = values.map(read)
  return { top, right, bottom, left }
}

/** Cloudflare has published no numbers: these are what its own local stand-in takes. */
const QUALITIES: ReadonlyMap<string, number> = new Map([
  ['low', 35],
  ['medium-low', 50],
  ['medium-high', 70],
  ['high', 90],
])

/** 1 to 100, or a name; anything else that is no number is as if it were not there. */
export const quality: Reader<number> = (text, name) =>
  QUALITIES.get(text) ?? unlessJunk(whole({ min: 1, max: 100 }))(text, name)

const SIDES = new Map<string, Gravity | 'auto' | 'face'>([
  ['auto', 'auto'],
  ['face', 'face'],
  ['entropy', { by: 'entropy' }],
  ['center', { by: 'remainder', x: 0.5, y: 0.5 }],
  ['left', { by: 'remainder', x: 0, y: 0.5 }],
  ['right', { by: 'remainder', x: 1, y: 0.5 }],
  ['top', { by: 'remainder', x: 0.5, y: 0 }],
  ['bottom', { by: 'remainder', x: 0.5, y: 1 }],
])

const POINT = /^(?<x>[^x;]+)x(?<y>[^x;]+)(?<mode>;box-center)?$/

/** A side, `{x}x{y}`, our `{x}x{y};box-center`, or what finds it by itself. */
export const gravity: Reader<Gravity | 'auto' | 'face'> = (text, name) => {
  const side = SIDES.get(text)
  if (side !== undefined) return side
  const point = POINT.exec(text)?.groups
  const x = rounded(numberOf(point?.['x'] ?? ''))
  const y = rounded(numberOf(point?.['y'] ?? ''))
  if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) {
    throw fault(name, `must be one of ${[...SIDES.keys()].join(', ')}, or a point such as 0.5x0.25`)
  }
  // At edges and middles both ways to read a point come to the same box.
  const isPlain = [x, y].every((part) => part === 0 || part === 0.5 || part === 1)
  const by = point?.['mode'] === undefined || isPlain ? 'remainder' : 'centre'
  return { by, x, y }
}

/** Widths with `;` between them, in order. */
export const breakpoints: Reader<readonly number[]> = (text, name) => {
  const widths = text.split(';').map((width) => whole({ min: 1, max: 100_000 })(width, name) ?? 0)
  return [...new Set(widths)].toSorted((one, other) => one - other)
}

/** Names of overlays with `;` between them, from the bottom to the top. */
export const overlays: Reader<readonly string[]> = (text) => {
  return readOverlayNames(text, ';')
}
