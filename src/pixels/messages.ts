import type { VerdictCode } from '../errors.ts'
import type { OverlayToDraw } from '../transform/overlay.ts'
import type { FocalPoint, RenderingSettings } from '../transform/rendering-settings.ts'
import type { EditedSize, TransformSpec } from '../transform/spec.ts'
import type { Shot } from './exif.ts'
import type { SourceFormat } from './signature.ts'

/** What a picture may cost at most. A picture beyond it is refused before a pixel is decoded. */
export interface PictureLimits {
  readonly maxSourceBytes: number
  /** Pixels of one frame. */
  readonly maxPixels: number
  /** Pixels of all frames together. */
  readonly maxFramePixels: number
  /** The longest side of what is rendered, in pixels. */
  readonly maxOutputSide: number
}

/** One variant to make. */
export interface RenderJob {
  readonly kind: 'render'
  readonly source: Uint8Array
  readonly spec: TransformSpec
  /** What stays in view when a box is filled; without it the settings' strategy finds it. */
  readonly focus?: FocalPoint | undefined
  /** One for each name in the spec's edits. */
  readonly overlays?: readonly OverlayToDraw[] | undefined
  readonly limits: PictureLimits
  readonly settings: RenderingSettings
}

/** A picture to be described; `examine` is for one that comes in: every frame is decoded, and how it was taken is told. */
export interface DescribeJob {
  readonly kind: 'describe' | 'examine'
  readonly source: Uint8Array
  readonly limits: PictureLimits
  readonly settings: RenderingSettings
}

/** An SVG to be handed out as it is, made harmless. */
export interface DrawJob {
  readonly kind: 'draw'
  readonly source: Uint8Array
  readonly limits: PictureLimits
}

/** A picture that is only asked how large it would be. */
export interface MeasureJob {
  readonly kind: 'measure'
  readonly source: Uint8Array
  readonly size: EditedSize
  readonly limits: PictureLimits
}

/** What a worker is asked for. */
export type Job =
  | RenderJob
  | DrawJob
  | MeasureJob
  | { readonly kind: 'inspect'; readonly source: Uint8Array; readonly limits: PictureLimits }
  | DescribeJob

/**
 * A job as it is sent; its source follows as bare bytes on the worker's standard input, which costs no copies, and after
 * it the pictures of overlays.
 */
export interface JobMessage {
  readonly head:
    | Omit<RenderJob, 'source'>
    | Omit<DrawJob, 'source'>
    | Omit<MeasureJob, 'source'>
    | Omit<Extract<Job, { kind: 'inspect' }>, 'source'>
    | Omit<DescribeJob, 'source'>
  readonly sourceBytes: number
  /** Of each overlay that has a picture, in their order. */
  readonly pictureBytes: readonly number[]
}

/** What a picture is, from its header alone. */
export interface Facts {
  readonly format: SourceFormat
  readonly contentType: string
  /** Sides in pixels, after the EXIF orientation is applied. */
  readonly width: number
  readonly height: number
  /** 1 for a still picture; pages of a document are no frames. */
  readonly frames: number
  readonly hasAlpha: boolean
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number
}

/** What a picture is and what it looks like, with the time that each half of the work took. */
export interface Description {
  readonly facts: Facts
  /** `#rrggbb`. */
  readonly dominantColour: string
  readonly thumbHash: Uint8Array
  /** How it was taken, where the settings let that be told. */
  readonly shot?: Shot | undefined
  readonly decodeMs: number
  readonly encodeMs: number
}

/** A picture as rendered, with the time that each half of the work took. */
export interface Picture {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly width: number
  readonly height: number
  readonly decodeMs: number
  readonly encodeMs: number
}

/** An SVG made harmless, and the milliseconds that it took. */
export interface Drawing {
  readonly bytes: Uint8Array
  readonly cleanMs: number
}

/** How large a picture would be, and what it is made from. */
export interface Measurement {
  /** Sides in pixels. */
  readonly width: number
  readonly height: number
  readonly facts: Facts
  readonly decodeMs: number
}

/** What a worker says of itself. */
export interface Identity {
  readonly epoch: string
  readonly sharp: string
  readonly libvips: string
  readonly formats: readonly string[]
}

/** What a worker answers to a job. `failed` is a fault of ours, not of the picture. */
export type Answer =
  | { readonly kind: 'rendered'; readonly picture: Picture }
  | { readonly kind: 'inspected'; readonly facts: Facts }
  | { readonly kind: 'measured'; readonly measurement: Measurement }
  | { readonly kind: 'described'; readonly description: Description }
  | { readonly kind: 'drawn'; readonly drawing: Drawing }
  | {
      readonly kind: 'refused'
      readonly code: VerdictCode | 'size_not_allowed' | 'overlay_unusable'
      readonly message: string
    }
  | { readonly kind: 'failed'; readonly message: string }

/** What goes from a worker to the main process: first itself, then one message a job. Memory is resident, in bytes. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly identity: Identity; readonly rssBytes: number }
  | { readonly kind: 'answer'; readonly answer: Answer; readonly rssBytes: number }
