import sharp from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'
import { dominantColour } from './dominant-colour.ts'
import { type Sides, targetSides } from './geometry.ts'
import { inspectPicture } from './inspect.ts'
import type { Description, Facts, PictureLimits } from './messages.ts'
import { decode, type Pixels } from './render.ts'

/** The longer side of what a description is made from, in pixels: the most that a ThumbHash is made from. */
const LONGEST_SIDE = 100

/**
 * Tells what a picture is, and what it looks like: of an animation its first frame. It is decoded as for a rendering, so
 * that what cannot be rendered cannot be described either.
 */
export async function describePicture(source: Uint8Array, limits: PictureLimits): Promise<Description> {
  const started = performance.now()
  const facts = await inspectPicture(source, limits)
  const small = await toRgba(await decode(source, smallPlan(facts), limits))
  const decoded = performance.now()
  return {
    facts,
    dominantColour: dominantColour(small.data),
    thumbHash: rgbaToThumbHash(small.width, small.height, small.data),
    decodeMs: decoded - started,
    encodeMs: performance.now() - decoded,
  }
}

/** PNG: a still, with its transparency. */
function smallPlan(facts: Facts) {
  const long = { width: LONGEST_SIDE, height: LONGEST_SIDE, format: 'png' } as const
  const spec = { ...long, fit: facts.width >= facts.height ? 'width' : 'height' } as const
  return { facts, spec, target: targetSides(facts, spec) }
}

/** Four channels of eight bits, opacity last and not multiplied in. */
async function toRgba({ data, info }: Pixels): Promise<Sides & { readonly data: Uint8Array }> {
  const { width, height, channels } = info
  const rgba = await sharp(data, { raw: { width, height, channels } })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer()
  return { data: rgba, width, height }
}
