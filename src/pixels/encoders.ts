import { createHash } from 'node:crypto'
import sharp, {
  type AvifOptions,
  type GifOptions,
  type JpegOptions,
  type PngOptions,
  type Sharp,
  type WebpOptions,
} from 'sharp'
import type { Edits } from '../transform/edits.ts'
import type { OutputFormat } from '../transform/spec.ts'
import type { Content } from './colours.ts'
import { qualitySettings } from '../retouch/quality.ts'

/**
 * How every format is written, and what differs for flat graphics; measured in docs/encoders.md. A change here changes the epoch, and with it the name of every variant.
 */
const ENCODERS = {
  avif: {
    contentType: 'image/avif',
    maxSide: 16_384,
    hasAlpha: true,
    hasFrames: false,
    // Effort 1 takes half the time of 2 and a tenth of sharp's default, 4, for a few per cent more bytes.
    settings: { quality: 60, effort: 1, chromaSubsampling: '4:2:0' } satisfies AvifOptions,
    // Edges between colours stay sharp.
    flat: { quality: 66, chromaSubsampling: '4:4:4' } satisfies AvifOptions,
  },
  webp: {
    contentType: 'image/webp',
    maxSide: 16_383,
    hasAlpha: true,
    hasFrames: true,
    settings: { quality: 80, effort: 2 } satisfies WebpOptions,
    // A quarter fewer bytes than at quality 80, and nothing lost. More effort gains nothing.
    flat: { lossless: true, effort: 1 } satisfies WebpOptions,
  },
  jpg: {
    contentType: 'image/jpeg',
    maxSide: 65_535,
    hasAlpha: false,
    hasFrames: false,
    settings: { quality: 85, progressive: true } satisfies JpegOptions,
    flat: {},
  },
  png: {
    contentType: 'image/png',
    maxSide: 65_535,
    hasAlpha: true,
    hasFrames: false,
    settings: { compressionLevel: 9 } satisfies PngOptions,
    flat: {},
  },
  gif: {
    contentType: 'image/gif',
    maxSide: 65_535,
    hasAlpha: true,
    hasFrames: true,
    // Two frames that look alike may be shown for different times.
    settings: { effort: 4, keepDuplicateFrames: true } satisfies GifOptions,
    flat: {},
  },
} as const

/** The quickest that each encoder can do; the quality stays. Whoever changes it raises `RENDERING_REVISION`. */
const FASTEST = {
  avif: { effort: 0 } satisfies AvifOptions,
  webp: { effort: 0 } satisfies WebpOptions,
  jpg: { progressive: false, optimiseCoding: false } satisfies JpegOptions,
  png: { compressionLevel: 1 } satisfies PngOptions,
  gif: { effort: 1 } satisfies GifOptions,
} as const

/** Raised when a step of the pipeline makes other pixels than before with the same encoder settings, or facts say more. */
const RENDERING_REVISION = 3

/** The media type of an output format. */
export function contentTypeOf(format: OutputFormat): string {
  return ENCODERS[format].contentType
}

/** The longest side, in pixels, that the format itself can hold. */
export function maxSideOf(format: OutputFormat): number {
  return ENCODERS[format].maxSide
}

/** Whether the format can hold transparency. */
export function keepsAlpha(format: OutputFormat): boolean {
  return ENCODERS[format].hasAlpha
}

/** Whether the format can hold an animation, and we write it so. */
export function keepsFrames(format: OutputFormat): boolean {
  return ENCODERS[format].hasFrames
}

/** How an animation is played: milliseconds a frame, and how often; 0: without end. */
export interface Playback {
  readonly delays: readonly number[]
  readonly loop: number
}

export interface EncodeOptions {
  /** What the pixels look like; a photograph unless said. */
  readonly content?: Content | undefined
  readonly playback?: Playback | undefined
  /** Of them quality, `baseline` and `fast`. */
  readonly edits?: Edits | undefined
}

/** Gives a pipeline its output format, with our settings where the edits ask for no others. */
export function encodeAs(pipeline: Sharp, format: OutputFormat, options: EncodeOptions = {}): Sharp {
  const { content, playback, edits = {} } = options
  const { settings, flat } = ENCODERS[format]
  return pipeline.toFormat(format === 'jpg' ? 'jpeg' : format, {
    ...settings,
    ...(content === 'flat' && flat),
    ...qualitySettings(format, edits.quality, content === 'flat'),
    ...(edits.baseline && format === 'jpg' && { progressive: false }),
    ...(edits.fast && FASTEST[format]),
    ...(playback && { delay: [...playback.delays], loop: playback.loop }),
  })
}

/** Three characters that change with anything that could change our bytes. Equal epochs, equal bytes. */
export function epochOf(versions: { readonly sharp: string; readonly vips: string }): string {
  const everything = JSON.stringify([ENCODERS, RENDERING_REVISION, versions.sharp, versions.vips])
  return createHash('sha256').update(everything).digest('base64url').slice(0, 3)
}

/** The epoch of this build of sharp. */
export function currentEpoch(): string {
  return epochOf({ sharp: sharp.versions.sharp ?? '', vips: sharp.versions.vips })
}
