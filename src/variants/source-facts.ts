import { z } from 'zod'
import { shot } from '../media/records.ts'
import type { PictureDescription, PictureMeasurement } from '../render/renderer.ts'
import type { Source } from '../sources/source.ts'
import type { DRAWING, FactsName } from '../transform/spec.ts'

const sourceFacts = z.object({
  /** Sides in pixels, as the picture is shown: its orientation applied. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** The media type of the source, by its bytes. */
  type: z.string(),
  /** Length of the source. */
  bytes: z.int().positive(),
  frames: z.int().positive(),
  /** Whether the source can be transparent anywhere. */
  hasAlpha: z.boolean(),
  /** EXIF orientation, 1 to 8. */
  orientation: z.int().min(1).max(8),
  /** `#rrggbb`. */
  dominantColour: z.string(),
  /** Base64. */
  thumbHash: z.base64(),
  /** How it was taken, where the operator lets that be told. */
  exif: shot.optional(),
  /** The version that all this is true of, 15 characters. */
  version: z.string(),
})

/** What `info.json` says of one version of a source. */
export type SourceFacts = Readonly<z.infer<typeof sourceFacts>>

/** The facts about a source, from what a render worker tells of its bytes. */
export function toSourceFacts(
  { facts, dominantColour, thumbHash, shot }: PictureDescription,
  source: Source,
  version: string,
): SourceFacts {
  const { width, height, contentType: type, frames, hasAlpha, orientation } = facts
  const { bytes } = source
  return {
    width,
    height,
    type,
    bytes,
    frames,
    hasAlpha,
    orientation,
    dominantColour,
    thumbHash: Buffer.from(thumbHash).toString('base64'),
    ...(shot && { exif: shot }),
    version,
  }
}

/** Facts as they are answered and stored: all of them, or the bare ThumbHash. */
export function formatFacts(
  facts: SourceFacts,
  name: Exclude<FactsName, typeof DRAWING>,
): { readonly bytes: Buffer<ArrayBuffer>; readonly contentType: string } {
  switch (name) {
    case 'info.json':
      return { bytes: Buffer.from(JSON.stringify(facts)), contentType: 'application/json' }
    case 'thumbhash':
      return { bytes: Buffer.from(facts.thumbHash, 'base64'), contentType: 'application/octet-stream' }
  }
}

/** How large a picture would be, in the shape that Cloudflare has for it. */
export function formatMeasurement(
  { width, height, frames, facts }: PictureMeasurement,
  source: Pick<Source, 'bytes'>,
): { readonly bytes: Buffer<ArrayBuffer>; readonly contentType: string } {
  const original = {
    file_size: source.bytes,
    width: facts.width,
    height: facts.height,
    format: facts.contentType,
  }
  return {
    bytes: Buffer.from(JSON.stringify({ width, height, ...(frames > 1 && { frames }), original })),
    contentType: 'application/json',
  }
}

/** Reads an `info.json`; throws on anything else. */
export function parseFacts(bytes: Buffer): SourceFacts {
  return sourceFacts.parse(JSON.parse(bytes.toString()))
}
