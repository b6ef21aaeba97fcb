import type { Border, Colour, Edits, Gravity, Trim, TrimBorder } from '../transform/edits.ts'
import type { Size } from '../transform/spec.ts'
import { type ClientHints, densityOf, isCropped } from './option-size.ts'
import type { GivenOptions } from './option-table.ts'
import { fault, MAX_BORDER } from './option-values.ts'

/** What the understanding of options depends on beside the client. */
export interface OptionSettings {
  /** Whether a JPEG has its copyright fields where a URL does not say so. */
  readonly keepsCopyright: boolean
  /** Whether somebody looks for faces. */
  readonly detectsFaces?: boolean
}

/** What an encoder uses when it is told nothing, on the scale of URLs. */
const DEFAULT_QUALITY = 85

/** Less blur than this cannot be seen. */
const LEAST_BLUR = 1

/** What else is asked for beside a size, canonically: nothing that does nothing. */
export function editsOf(
  given: GivenOptions,
  size: Size,
  quality: number | undefined,
  settings: OptionSettings,
): Edits | undefined {
  const edits: Edits = {
    trim: trimOf(given),
    ...turnsOf(given),
    gravity: isCropped(size) ? gravityOf(given) : undefined,
    background: backgroundOf(given, size),
    brightness: factorOf(given.brightness),
    contrast: factorOf(given.contrast),
    gamma: factorOf(given.gamma),
    saturation: given.saturation === 1 ? undefined : given.saturation,
    sharpen: given.sharpen === 0 ? undefined : given.sharpen,
    blur: given.blur === undefined || given.blur < LEAST_BLUR ? undefined : given.blur,
    border: borderOf(given),
    draw: given.draw,
    quality: quality === DEFAULT_QUALITY ? undefined : quality,
    baseline: given.format === 'baseline-jpeg' ? true : undefined,
    fast: given.compression === 'fast' ? true : undefined,
    still: given.anim === 'false' ? true : undefined,
    metadata: metadataOf(given, settings),
  }
  const done = Object.entries(edits).filter(([, edit]) => edit !== undefined)
  return done.length > 0 ? Object.fromEntries(done) : undefined
}

/** A factor of 0 is passed over, as 1 is. */
const factorOf = (factor: number | undefined): number | undefined =>
  factor === 0 || factor === 1 ? undefined : factor

/** The sixteen ways to mirror and turn come to eight results: each has one spelling, the shortest. */
function turnsOf({ flip, rotate = '0' }: GivenOptions): Pick<Edits, 'flip' | 'rotate'> {
  const isMirrored = flip === 'h' || flip === 'v'
  // Mirroring up and down is mirroring left and right, and half a turn.
  const turn = (Number(rotate) + (flip?.includes('v') === true ? 180 : 0)) % 360
  if (isMirrored && turn === 180) return { flip: 'v' }
  const degrees = ([90, 180, 270] as const).find((degrees) => degrees === turn)
  return { flip: isMirrored ? 'h' : undefined, rotate: degrees }
}

const CENTRE: Gravity = { by: 'remainder', x: 0.5, y: 0.5 }

/** Without one the operator's own way to find what matters would be used, which here is `auto`. */
function gravityOf({ gravity }: GivenOptions): Gravity | undefined {
  if (gravity === 'auto') return undefined
  return gravity === undefined || gravity === 'face' ? CENTRE : gravity
}

/** What is fully transparent shows only where it fills a box. */
function backgroundOf({ background }: GivenOptions, { fit }: Size): Colour | undefined {
  return fit !== 'pad' && background?.length === 8 && background.endsWith('00') ? undefined : background
}

const BLACK: Colour = '000000'

function borderOf(given: GivenOptions): Border | undefined {
  const { border, 'border.color': colour = BLACK, 'border.width': all } = given
  const scaled = (side: number | undefined) => Math.round((side ?? 0) * densityOf(given))
  const sides = {
    top: scaled(given['border.top'] ?? all ?? border?.top),
    right: scaled(given['border.right'] ?? all ?? border?.right),
    bottom: scaled(given['border.bottom'] ?? all ?? border?.bottom),
    left: scaled(given['border.left'] ?? all ?? border?.left),
  }
  const widest = Math.max(...Object.values(sides))
  if (widest > MAX_BORDER) throw fault('border', `must be at most ${MAX_BORDER} pixels wide, after dpr`)
  return widest > 0 ? { colour, ...sides } : undefined
}

/** What EXIF goes with a JPEG; what other formats drop anyway is dropped where the format is known. */
function metadataOf(
  { metadata = 'copyright' }: GivenOptions,
  { keepsCopyright }: OptionSettings,
): Edits['metadata'] {
  return metadata === (keepsCopyright ? 'copyright' : 'none') ? undefined : metadata
}

/** The quality that is asked for on this client's line, and whether it would be another on another one. */
export function qualityFor(
  given: GivenOptions,
  { isSlow }: ClientHints,
): { readonly quality: number | undefined; readonly dependsOnHints: boolean } {
  const { quality, 'slow-connection-quality': slow } = given
  if (slow === undefined) return { quality, dependsOnHints: false }
  return { quality: isSlow ? slow : quality, dependsOnHints: slow !== quality }
}

/** What is cut off first, of all options that begin with `trim`; `undefined` where they cut off nothing. */
function trimOf(given: GivenOptions): Trim | undefined {
  const border = trimmedBorder(given)
  const region = trimmedRegion(given)
  if (border === undefined || region === undefined) return border ?? region
  throw fault('trim', 'either a border or sides can be cut off, not both')
}

function trimmedBorder(given: GivenOptions): Trim | undefined {
  const border: TrimBorder = {
    ...(given['trim.border.color'] !== undefined && { colour: given['trim.border.color'] }),
    ...(given['trim.border.tolerance'] !== undefined && { tolerance: given['trim.border.tolerance'] }),
    ...(given['trim.border.keep'] !== undefined && { keep: given['trim.border.keep'] }),
  }
  if (given.trim !== 'border' && Object.keys(border).length === 0) return undefined
  const { keep, ...rest } = border
  return { by: 'border', border: { ...rest, ...(keep !== undefined && keep > 0 && { keep }) } }
}

function trimmedRegion(given: GivenOptions): Trim | undefined {
  const all = given.trim === 'border' ? undefined : given.trim
  const { top, right, bottom, left } = {
    top: given['trim.top'] ?? all?.top ?? 0,
    right: given['trim.right'] ?? all?.right ?? 0,
    bottom: given['trim.bottom'] ?? all?.bottom ?? 0,
    left: given['trim.left'] ?? all?.left ?? 0,
  }
  const { 'trim.width': width, 'trim.height': height } = given
  if (width === undefined && height === undefined) {
    if (top + right + bottom + left === 0) return undefined
    return { by: 'sides', sides: { top, right, bottom, left } }
  }
  if (width === 0 || height === 0) throw fault('trim', 'a width or height of 0 would leave nothing')
  if (right > 0 || bottom > 0) {
    throw fault('trim', 'a width or height is counted from left and top, and goes with no right or bottom')
  }
  const kept = { ...(width !== undefined && { width }), ...(height !== undefined && { height }) }
  return { by: 'box', box: { left, top, ...kept } }
}
