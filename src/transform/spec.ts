import { type Edits, formatEdits } from './edits.ts'

/** Formats that a variant can have, as their extensions in a URL. */
export const OUTPUT_FORMATS = ['avif', 'webp', 'jpg', 'png', 'gif'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** The sides that a variant is asked to have, in pixels of the turned picture, after `@n`. */
export type Size =
  | { readonly fit: 'original' }
  | { readonly fit: 'width'; readonly width: number }
  | { readonly fit: 'height'; readonly height: number }
  | { readonly fit: 'cover'; readonly width: number; readonly height: number }
  | FittedSize

/**
 * The ways to fit a picture to sides that dialects know beside these four. `scale-down`: inside both sides, never
 * enlarged. `contain`: the same, enlarged too. `scale-up`: only ever enlarged. `pad`: contained, the rest of the box is
 * background. `squeeze`: exactly these sides, distorted. `crop`: a box, but nothing is enlarged for it. `aspect-crop`: a
 * box's ratio always, its sides only where nothing is enlarged for them.
 */
export const FITS = ['scale-down', 'contain', 'scale-up', 'pad', 'squeeze', 'crop', 'aspect-crop'] as const
export type Fit = (typeof FITS)[number]

/** Those of all fits that never make more of a picture than there is. */
export const SHRINKING: ReadonlySet<Size['fit']> = new Set([
  'original',
  'width',
  'height',
  'scale-down',
  'crop',
  'aspect-crop',
])

/** At least one side is given; canonically none of them could be said by `width`, `height` or another fit. */
export interface FittedSize {
  readonly fit: Fit
  readonly width?: number | undefined
  readonly height?: number | undefined
}

/** A size, and what else is done to the picture. */
export type EditedSize = Size & {
  /** Left out where there is none. */
  readonly edits?: Edits | undefined
}

/** What the pixels of one variant depend on beside the source, and nothing else. */
export type TransformSpec = { readonly format: OutputFormat } & EditedSize

/** The source itself, an SVG, made harmless. */
export const DRAWING = 'drawing.svg'
export const DRAWING_TYPE = 'image/svg+xml'

/** What can be had of a source in the place of a picture made of pixels, as the last segment of a URL. */
export const FACTS_NAMES = ['info.json', 'thumbhash', DRAWING] as const
export type FactsName = (typeof FACTS_NAMES)[number]

/** Asks for facts about a source. */
export interface FactsSpec {
  readonly facts: FactsName
}

/** Whether an SVG is asked for as it is. */
export function isDrawing(spec: AskedSpec): boolean {
  return 'facts' in spec && spec.facts === DRAWING
}

/** Asks for the sides that a picture would have, in the place of the picture. */
export interface MeasureSpec {
  readonly facts: 'measure'
  /** Of edits only those that sides depend on. */
  readonly of: EditedSize
}

/** What a variant is beside its source: a picture, or facts about it. */
export type VariantSpec = TransformSpec | FactsSpec | MeasureSpec

/** Stands for a format in a URL: whichever suits the client. Never in a spec, a key or a versioned path. */
export const AUTO = 'auto'

/** A size whose format is still to be negotiated. */
export type AutoSpec = { readonly format: typeof AUTO } & EditedSize

/** What a URL without a version can ask for. */
export type AskedSpec = VariantSpec | AutoSpec

/** What is asked for in a format, or in one that is to be negotiated. */
export function withFormat(size: EditedSize, format: OutputFormat | typeof AUTO): TransformSpec | AutoSpec {
  return format === AUTO ? { ...size, format } : { ...size, format }
}

/** Asks how large a picture would be; what changes neither its sides nor how many frames there are is left out. */
export function measureOf({ edits = {}, ...size }: EditedSize): MeasureSpec {
  const { trim, rotate, border, still } = edits
  // Upside down a picture is as large as before, and whichever way it lies makes no difference.
  const lies = rotate === 90 || rotate === 270
  const kept = {
    ...(trim && { trim }),
    ...(lies && { rotate: 90 as const }),
    ...(border && { border }),
    ...(still && { still }),
  }
  return { facts: 'measure', of: Object.keys(kept).length === 0 ? size : { ...size, edits: kept } }
}

/** The size that is asked for, and what else is done to it; `undefined` for facts of no size. */
export function sizeOf(spec: AskedSpec): EditedSize | undefined {
  if (!('facts' in spec)) return spec
  return spec.facts === 'measure' ? spec.of : undefined
}

/** Whether the format is still to be negotiated. */
export function isAuto(spec: AskedSpec): spec is AutoSpec {
  return 'format' in spec && spec.format === AUTO
}

/**
 * The one spelling of a spec, as it stands in a path: `800.webp`, `x600.avif`, `800x600.jpg`, `info.json`, `thumbhash`,
 * `drawing.svg`, `original.auto`, `800x600,fit=pad,background=ff0000.png`, `800.json`.
 */
export function specName(spec: AskedSpec): string {
  if (!('facts' in spec)) return `${editedName(spec)}.${spec.format}`
  return spec.facts === 'measure' ? `${editedName(spec.of)}.json` : spec.facts
}

function editedName(size: EditedSize): string {
  return `${sizeName(size)}${formatEdits(size.edits)}`
}

/** The one spelling of a size: `800`, `x600`, `800x600`, `original`, `800x600,fit=pad`. */
export function sizeName(size: Size): string {
  switch (size.fit) {
    case 'original':
      return 'original'
    case 'width':
      return `${size.width}`
    case 'height':
      return `x${size.height}`
    case 'cover':
      return `${size.width}x${size.height}`
    default:
      return `${size.width ?? ''}${size.height === undefined ? '' : `x${size.height}`},fit=${size.fit}`
  }
}
