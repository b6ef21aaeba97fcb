import { type Edits, formatEdits } from '../transform/edits.ts'
import type { EditedSize, OutputFormat, Size } from '../transform/spec.ts'
import { inFormat } from '../transform/suited-edits.ts'
import { editsOf, type OptionSettings, qualityFor } from './option-edits.ts'
import { type ClientHints, isCropped, MAX_DPR, sizeOf } from './option-size.ts'
import { type GivenOptions, readOptions } from './option-table.ts'

export type { ClientHints } from './option-size.ts'

/** The options of one target, understood. */
export interface AskedOptions {
  readonly size: Size
  /** Left out where there are none; of a concrete format only those that make a difference in it. */
  readonly edits?: Edits
  /**
   * `plain`: JPEG, or PNG where it needs alpha, and GIF or WebP where it moves. `measure`: sides and type instead of a
   * picture. `drawing`: an SVG as it is.
   */
  readonly format: OutputFormat | 'auto' | 'plain' | 'measure' | 'drawing'
  /** What was asked for in vain, as texts of `Warning` headers. */
  readonly warnings: readonly string[]
  /** Whether a fatal error is answered by sending the client to the source. */
  readonly redirectsOnError: boolean
  /** Whether another client might have been understood differently. */
  readonly dependsOnHints: boolean
  /** There is a face to be looked for, by whoever has a detector: see `focus.ts`. */
  readonly face?: { readonly zoom: number }
}

/** What cannot be done is told to the client, and the picture is sent without it. */
export const WARNINGS = {
  oneSideCover: 'cover fit mode needs both width and height',
  largeDpr: 'dpr > 3 should never be used',
  png: 'JPEG vs PNG selection is automatic',
  face: 'gravity=face is not available here, center is used',
  segment: 'segment=foreground is not available here, the background stays',
  avif: 'image too large for AVIF',
  upscale: 'upscale=generate is not available here, interpolate is used',
} as const

/**
 * Understands decoded options, `w=800,f=auto`; of an option that is given twice the last counts. Two spellings that mean
 * the same come to equal values. Throws `invalid_target` naming the option and what is accepted.
 */
export function parseOptions(text: string, hints: ClientHints, settings: OptionSettings): AskedOptions {
  const given = readOptions(text)
  const size = sizeOf(given, hints)
  const { quality, dependsOnHints } = qualityFor(given, hints)
  const format = formatOf(given)
  const edits = editsOf(given, size, quality, settings)
  const isPicture = format !== 'measure' && format !== 'drawing'
  const isFaceWanted = given.gravity === 'face' && isCropped(size) && isPicture
  const looksForFace = isFaceWanted && settings.detectsFaces === true && isUpright(edits)
  const relevant = editsIn(format, { ...size, ...(edits && { edits }) })
  // Too many for a key: better known now than when the picture is made.
  formatEdits(relevant)
  return {
    size: format === 'drawing' ? { fit: 'original' } : size,
    ...(relevant !== undefined && { edits: relevant }),
    format,
    warnings: warningsOf(given, isFaceWanted && !looksForFace),
    redirectsOnError: given.onerror === 'redirect',
    dependsOnHints:
      format !== 'drawing' && (given.width === 'auto' || (dependsOnHints && format !== 'measure')),
    ...(looksForFace && { face: { zoom: given.zoom ?? 0 } }),
  }
}

/** Whether a point of the source is the same point when the box is cut out. */
const isUpright = (edits: Edits | undefined): boolean =>
  edits?.trim === undefined && edits?.flip === undefined && edits?.rotate === undefined

function formatOf({ format, compression }: GivenOptions): AskedOptions['format'] {
  switch (format) {
    case undefined:
    case 'png':
      return 'plain'
    case 'png-force':
      return 'png'
    case 'json':
      return 'measure'
    case 'svg':
      return 'drawing'
    case 'jpeg':
    case 'baseline-jpeg':
      return 'jpg'
    // The quickest encoders are those of the older formats.
    default:
      return compression === 'fast' ? 'plain' : format
  }
}

/** The edits that make a difference to what is sent. */
function editsIn(format: AskedOptions['format'], asked: EditedSize): Edits | undefined {
  switch (format) {
    case 'drawing':
      return undefined
    case 'measure':
      return measuredEdits(asked.edits)
    case 'auto':
    case 'plain':
      return asked.edits
    default:
      return inFormat(asked, format).edits
  }
}

/** Those that change the sides of a picture, or how many there are. */
function measuredEdits(edits: Edits | undefined): Edits | undefined {
  const { trim, rotate, border, still } = edits ?? {}
  const measured: Edits = {
    ...(trim && { trim }),
    ...((rotate === 90 || rotate === 270) && { rotate: 90 }),
    ...(border && { border: { ...border, colour: '000000' } }),
    ...(still && { still }),
  }
  return Object.keys(measured).length > 0 ? measured : undefined
}

function warningsOf(given: GivenOptions, isFaceMissed: boolean): readonly string[] {
  const isOneSided = (given.width === undefined) !== (given.height === undefined)
  const told: readonly (readonly [boolean, string])[] = [
    [given.fit === 'cover' && isOneSided, WARNINGS.oneSideCover],
    [given.dpr !== undefined && given.dpr > MAX_DPR, WARNINGS.largeDpr],
    [given.format === 'png', WARNINGS.png],
    [isFaceMissed, WARNINGS.face],
    [given.segment !== undefined, WARNINGS.segment],
    [given.upscale === 'generate', WARNINGS.upscale],
  ]
  return told.flatMap(([isTold, text]) => (isTold ? [text] : []))
}
