import { GatewayError } from '../errors.ts'
import { type Border, EDIT_NAMES, type Edits, formatEdits, type Gravity, type Trim } from './edits.ts'
import { formatInline, isInline, MAX_OVERLAYS, parseInline } from './overlay.ts'

const COLOUR = /^(?:[0-9a-f]{6}|[0-9a-f]{8})$/
const FACTOR = { min: 0, max: 254.999 }
const OVERLAY = /^(?:[a-z][a-z0-9-]{0,63}|~[A-Za-z0-9_-]+)$/

type Reader<Name extends keyof Edits> = (text: string) => NonNullable<Edits[Name]>

/** How each edit is read, and what is accepted. */
const READERS: { readonly [Name in keyof Edits]-?: Reader<Name> } = {
  trim: readTrim,
  flip: oneOf('flip', ['h', 'v', 'hv']),
  rotate: readRotation,
  gravity: readGravity,
  background: (text) => colour('background', text),
  brightness: factor('brightness'),
  contrast: factor('contrast'),
  gamma: factor('gamma'),
  saturation: factor('saturation'),
  sharpen: (text) => number('sharpen', text, { min: 0, max: 10 }),
  blur: (text) => number('blur', text, { min: 0, max: 250 }),
  border: readBorder,
  draw: (text) => readOverlayNames(text, '.'),
  quality: (text) => whole('quality', text, { min: 1, max: 100 }),
  baseline: switchedOn('baseline'),
  fast: switchedOn('fast'),
  still: switchedOn('still'),
  metadata: oneOf('metadata', ['none', 'copyright', 'keep']),
}

/**
 * Reads what `formatEdits` writes, without its first comma: `blur=5,quality=70`. Throws `invalid_target` for anything
 * else, also for edits that have another spelling: there is one for each.
 */
export function parseEdits(text: string): Edits {
  let edits: Edits = {}
  for (const pair of text.split(',')) {
    const [name = '', ...value] = pair.split('=')
    const known = EDIT_NAMES.find((edit) => edit === name)
    if (known === undefined) throw fault(name, `is no option; accepted are ${EDIT_NAMES.join(', ')}`)
    edits = { ...edits, [known]: READERS[known](value.join('=')) }
  }
  const spelling = formatEdits(edits).slice(1)
  if (spelling === text) return edits
  throw fault('options', `have one spelling, and these are written ${spelling}`)
}

function readRotation(text: string): 90 | 180 | 270 {
  const degrees = ([90, 180, 270] as const).find((degrees) => `${degrees}` === text)
  if (degrees !== undefined) return degrees
  throw fault('rotate', 'must be 90, 180 or 270')
}

function readTrim(text: string): Trim {
  const [by = '', ...rest] = text.split('_')
  const given = (at: number) => (rest[at] === undefined || rest[at] === '' ? undefined : rest[at])
  const length = (at: number) => number('trim', given(at) ?? '', { min: 0, max: 100_000 })
  const optional = (at: number) => (given(at) === undefined ? undefined : length(at))
  if (by === 'sides' && rest.length === 4) {
    return { by, sides: { top: length(0), right: length(1), bottom: length(2), left: length(3) } }
  }
  if (by === 'box' && rest.length === 4) {
    return { by, box: { left: length(0), top: length(1), width: optional(2), height: optional(3) } }
  }
  if (by === 'border' && rest.length === 3) {
    const [shade, tolerance, keep] = [given(0), optional(1), optional(2)]
    return { by, border: { colour: shade && colour('trim', shade), tolerance, keep } }
  }
  throw fault(
    'trim',
    'must be sides_{top}_{right}_{bottom}_{left}, box_{left}_{top}_{width}_{height} or border_{colour}_{tolerance}_{keep}',
  )
}

function readGravity(text: string): Gravity {
  if (text === 'entropy') return { by: 'entropy' }
  const parts = text.split('_')
  const isCentre = parts[0] === 'centre'
  const [x, y, ...more] = isCentre ? parts.slice(1) : parts
  if (x === undefined || y === undefined || more.length > 0) {
    throw fault('gravity', 'must be {x}_{y}, centre_{x}_{y} or entropy')
  }
  const fraction = { min: 0, max: 1 }
  const point = { x: number('gravity', x, fraction), y: number('gravity', y, fraction) }
  return { by: isCentre ? 'centre' : 'remainder', ...point }
}

function readBorder(text: string): Border {
  const [shade = '', ...lengths] = text.split('_')
  if (lengths.length !== 4) throw fault('border', 'must be {colour}_{top}_{right}_{bottom}_{left}')
  const [top = 0, right = 0, bottom = 0, left = 0] = lengths.map((length) =>
    whole('border', length, { min: 0, max: 10_000 }),
  )
  return { colour: colour('border', shade), top, right, bottom, left }
}

/**
 * Names of overlays with `separator` between them, an overlay's own JSON in its one spelling. Throws `invalid_target` for
 * what is no name and no overlay.
 */
export function readOverlayNames(text: string, separator: string): readonly string[] {
  const names = text.split(separator)
  if (!names.every((name) => OVERLAY.test(name))) {
    throw fault('draw', `must be names of overlays, with ${separator} between them`)
  }
  if (names.length > MAX_OVERLAYS) throw fault('draw', `at most ${MAX_OVERLAYS} overlays are accepted`)
  return names.map((name) => (isInline(name) ? formatInline(parseInline(name)) : name))
}

function colour(option: string, text: string): string {
  if (COLOUR.test(text)) return text
  throw fault(option, 'must be a colour of 6 or 8 hexadecimal digits, such as ff0000')
}

interface Bounds {
  readonly min: number
  readonly max: number
}

function number(option: string, text: string, { min, max }: Bounds): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw fault(option, `must be a number from ${min} to ${max}`)
}

function whole(option: string, text: string, { min, max }: Bounds): number {
  const value = number(option, text, { min, max })
  if (Number.isInteger(value)) return value
  throw fault(option, `must be a whole number from ${min} to ${max}`)
}

function factor(option: string): (text: string) => number {
  return (text) => number(option, text, FACTOR)
}

function oneOf<Value extends string>(option: string, accepted: readonly Value[]): (text: string) => Value {
  return (text) => {
    const found = accepted.find((value) => value === text)
    if (found !== undefined) return found
    throw fault(option, `must be one of ${accepted.join(', ')}`)
  }
}

function switchedOn(option: string): (text: string) => true {
  return (text) => {
    if (text === '1') return true
    throw fault(option, 'is left out, or 1')
  }
}

function fault(option: string, message: string): GatewayError {
  return new GatewayError('invalid_target', `${option}: ${message}`)
}
