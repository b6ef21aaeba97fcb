import { sidesOf } from '../transform/size.ts'
import {
  DRAWING,
  type OutputFormat,
  SHRINKING,
  sizeOf,
  type TransformSpec,
  type VariantSpec,
} from '../transform/spec.ts'
import { type PictureSides, readSides, type SidedFormat } from './picture-sides.ts'

/** What is known of a source before its bytes are there. */
export interface StatedSource {
  /** Length in bytes. */
  readonly bytes: number
  readonly contentType: string
}

/** What pictures cost a worker, estimated. */
export interface PictureCosts {
  /**
   * Milliseconds of one CPU, before anything is read: what is decoded by the length of the source, and what is encoded
   * by the sides that are asked for. Good for comparing one picture with another, no more.
   */
  effortOf(source: StatedSource, spec: VariantSpec): number
  /** Bytes of memory, by what the source says of its sides; never too little by much. */
  memoryOf(body: Uint8Array, spec: VariantSpec): number
}

/** Estimates for pictures of so many pixels at most. */
export function createPictureCosts(maxPixels: number): PictureCosts {
  return {
    effortOf: (source, spec) => effortOf(source, spec, maxPixels),
    memoryOf: (body, spec) => memoryOf(body, spec, maxPixels),
  }
}

type Guess = Pick<PictureSides, 'width' | 'height' | 'frames'>

const MB = 1024 * 1024

/** Decoders, measured with pictures of 24 megapixels: milliseconds and bytes of memory a pixel, and pixels a byte of the file. */
const DECODING = {
  jpg: { ms: 15, memory: 4, pixels: 6 },
  png: { ms: 25, memory: 4, pixels: 1 },
  webp: { ms: 15, memory: 4, pixels: 12 },
  avif: { ms: 60, memory: 20, pixels: 20 },
  gif: { ms: 25, memory: 4, pixels: 4 },
} as const satisfies Record<SidedFormat, unknown>

/** What is none of these: TIFF, SVG, and what is no picture. */
const OTHER_DECODING = { ms: 50, memory: 4, pixels: 2 }

/** Encoders, with the rest of a rendering: milliseconds a megapixel (docs/encoders.md), and bytes of memory a pixel. */
const ENCODING = {
  avif: { ms: 141, fastMs: 56, memory: 24 },
  webp: { ms: 34, fastMs: 22, memory: 10 },
  jpg: { ms: 18, fastMs: 12, memory: 10 },
  png: { ms: 68, fastMs: 25, memory: 8 },
  gif: { ms: 200, fastMs: 120, memory: 10 },
} as const satisfies Record<OutputFormat, unknown>

/** What else a worker takes for a picture of any size. */
const BASE = { ms: 5, memory: 16 * MB }
/** For each pixel that is edited: whole pictures lie beside each other. */
const EDITING = { ms: 30, memory: 12 }

const MEGAPIXEL = 1_000_000
const TYPES: Readonly<Record<string, SidedFormat>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/gif': 'gif',
}

function effortOf(source: StatedSource, spec: VariantSpec, maxPixels: number): number {
  const format = TYPES[source.contentType]
  const { ms, pixels } = decodingOf(format)
  const decoded = Math.min(maxPixels, source.bytes * pixels)
  // Of a usual shape.
  const [width, height] = [Math.sqrt((decoded * 4) / 3), Math.sqrt((decoded * 3) / 4)]
  const made = 'facts' in spec ? 0 : encodingMs(spec, { width, height, frames: 1 })
  return BASE.ms + (decoded * ms) / MEGAPIXEL + made
}

function memoryOf(body: Uint8Array, spec: VariantSpec, maxPixels: number): number {
  const sides = readSides(body)
  const { memory, pixels } = decodingOf(sides?.format)
  const guessed = Math.sqrt(Math.min(maxPixels, body.length * pixels))
  const { width, height, frames } = sides ?? { width: guessed, height: guessed, frames: 1 }
  const area = Math.min(maxPixels, width * height)
  if ('facts' in spec) {
    // Only a header is read; or a drawing, or a picture from which a thumbnail is made.
    const isWhole = spec.facts !== 'measure' || sizeOf(spec)?.edits?.trim !== undefined
    return BASE.memory + body.length * (spec.facts === DRAWING ? 20 : 1) + (isWhole ? area * memory : 0)
  }
  const shown = keepsFrames(spec) ? Math.min(frames, Math.max(1, maxPixels / Math.max(1, area))) : 1
  const made = targetArea(spec, { width, height, frames }) * shown
  const edits = isEdited(spec) ? EDITING.memory : 0
  return BASE.memory + body.length + area * memory + made * (ENCODING[spec.format].memory + edits)
}

function decodingOf(format: SidedFormat | undefined) {
  return format === undefined ? OTHER_DECODING : DECODING[format]
}

function encodingMs(spec: TransformSpec, source: Guess): number {
  const { ms, fastMs } = ENCODING[spec.format]
  const each = (spec.edits?.fast ? fastMs : ms) + (isEdited(spec) ? EDITING.ms : 0)
  return (targetArea(spec, source) * each) / MEGAPIXEL
}

/** Whether a whole picture is worked on beside the sizing. */
function isEdited({ edits = {} }: TransformSpec): boolean {
  const { quality: _quality, baseline: _baseline, fast: _fast, still: _still, metadata: _, ...rest } = edits
  return Object.keys(rest).length > 0
}

function keepsFrames({ format, edits }: TransformSpec): boolean {
  return (format === 'webp' || format === 'gif') && edits?.still === undefined
}

/** Pixels of one frame of what is made. */
function targetArea(spec: TransformSpec, source: Guess): number {
  const area = source.width * source.height
  const ratio = source.width / source.height
  const { width, height } = sidesOf(spec)
  const asked =
    width === undefined && height === undefined
      ? area
      : (width ?? (height ?? 0) * ratio) * (height ?? (width ?? 0) / ratio)
  const { top = 0, right = 0, bottom = 0, left = 0 } = spec.edits?.border ?? {}
  const framed = (top + bottom) * (width ?? source.width) + (left + right) * (height ?? source.height)
  return (SHRINKING.has(spec.fit) ? Math.min(area, asked) : asked) + framed
}
