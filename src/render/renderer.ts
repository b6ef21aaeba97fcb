import type { Shot } from '../pixels/exif.ts'
import type { SourceFormat } from '../pixels/signature.ts'
import type { OverlayToDraw } from '../transform/overlay.ts'
import type { FocalPoint } from '../transform/rendering-settings.ts'
import type { EditedSize, TransformSpec } from '../transform/spec.ts'

/** Makes variants out of the bytes of a source. What it cannot read is a verdict: a `GatewayError` of class `verdict`. */
export interface Renderer {
  /** Renders one variant. `queueMs` in the timings is the wait for a worker. */
  render(source: Uint8Array, spec: TransformSpec, options?: RenderingOptions): Promise<Rendering>

  /** The drawing that an SVG is, as SVG: it looks the same, and can neither run nor load anything. */
  draw(source: Uint8Array, signal?: AbortSignal): Promise<Drawing>

  /** How large a picture of that size would be; decodes nothing but what is trimmed by its colour. */
  measure(source: Uint8Array, size: EditedSize, signal?: AbortSignal): Promise<PictureMeasurement>

  /** What a picture is, from its header alone. */
  inspect(source: Uint8Array, signal?: AbortSignal): Promise<PictureFacts>

  /** What a picture is and what it looks like: decodes it whole, as a rendering does. */
  describe(source: Uint8Array, signal?: AbortSignal): Promise<PictureDescription>

  /** The same of a file that comes in: every frame is decoded, and how it was taken is told whatever the settings say. */
  examine(source: Uint8Array, signal?: AbortSignal): Promise<PictureDescription>
}

export interface RenderingOptions {
  /** What stays in view when a box is filled. */
  readonly focus?: FocalPoint | undefined
  /** One for each name in the spec's edits. */
  readonly overlays?: readonly OverlayToDraw[] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Rendering {
  readonly bytes: Buffer<ArrayBuffer>
  readonly contentType: string
  /** Sides in pixels. */
  readonly width: number
  readonly height: number
  readonly timings: { readonly queueMs: number; readonly decodeMs: number; readonly encodeMs: number }
}

export type Drawing = Pick<Rendering, 'bytes' | 'contentType' | 'timings'>

export interface PictureFacts {
  readonly format: SourceFormat
  readonly contentType: string
  /** Sides in pixels, after the EXIF orientation is applied. */
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly hasAlpha: boolean
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number
}

export interface PictureMeasurement {
  /** Sides in pixels, of what would be rendered. */
  readonly width: number
  readonly height: number
  /** What it would be rendered from. */
  readonly facts: PictureFacts
  readonly timings: Rendering['timings']
}

export interface PictureDescription {
  readonly facts: PictureFacts
  /** `#rrggbb`. */
  readonly dominantColour: string
  readonly thumbHash: Uint8Array
  /** How it was taken, where the settings let that be told. */
  readonly shot?: Shot | undefined
  readonly timings: Rendering['timings']
}

/** What a worker says of itself when it is ready. */
export interface WorkerIdentity {
  /** Three characters: the encoder table and the versions of sharp and libvips. With equal settings, equal bytes. */
  readonly epoch: string
  readonly sharp: string
  readonly libvips: string
  readonly formats: readonly string[]
}
