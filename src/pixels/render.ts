import sharp, { type OutputInfo } from 'sharp'
import { GatewayError } from '../errors.ts'
import type { TransformSpec } from '../transform/spec.ts'
import { contentTypeOf, encodeAs, maxSideOf } from './encoders.ts'
import { type Sides, targetSides } from './geometry.ts'
import { brokenPicture, inspectPicture, openOptions } from './inspect.ts'
import type { Picture, PictureLimits } from './messages.ts'
import { type Plan, STEPS } from './steps.ts'

/** Raw pixels, as sharp gives them. */
export interface Pixels {
  readonly data: Buffer
  readonly info: OutputInfo
}

/** Renders one variant. What the picture is to blame for is a `GatewayError`; anything else is a fault of ours. */
export async function renderPicture(
  source: Uint8Array,
  spec: TransformSpec,
  limits: PictureLimits,
): Promise<Picture> {
  const started = performance.now()
  const facts = await inspectPicture(source, limits)
  const target = targetSides(facts, spec)
  checkTarget(target, spec, limits)
  const pixels = await decode(source, { facts, spec, target }, limits)
  const decoded = performance.now()
  const bytes = await encode(pixels, spec)
  return {
    bytes,
    contentType: contentTypeOf(spec.format),
    width: target.width,
    height: target.height,
    decodeMs: decoded - started,
    encodeMs: performance.now() - decoded,
  }
}

function checkTarget({ width, height }: Sides, spec: TransformSpec, limits: PictureLimits): void {
  const longest = Math.min(limits.maxOutputSide, maxSideOf(spec.format))
  if (Math.max(width, height) <= longest) return
  // A box is what the request says; any other size follows from the source.
  const code = spec.fit === 'cover' ? 'size_not_allowed' : 'source_too_large'
  const message = `The picture would be ${width}×${height}; a side of a ${spec.format} is at most ${longest}`
  throw new GatewayError(code, message)
}

/** Decodes and resizes to raw pixels, apart from the encoder, so that their failures and times stay apart. */
export async function decode(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Pixels> {
  const opened = sharp(source, openOptions(limits.maxPixels))
  const pipeline = STEPS.reduce((made, step) => step(made, plan), opened)
  const pixels = await pipeline
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw brokenPicture(error)
    })
  const { width, height } = pixels.info
  if (width !== plan.target.width || height !== plan.target.height) {
    throw new Error(`Rendered ${width}×${height} instead of ${plan.target.width}×${plan.target.height}`)
  }
  return pixels
}

function encode({ data, info }: Pixels, spec: TransformSpec): Promise<Buffer> {
  const { width, height, channels } = info
  return encodeAs(
    sharp(data, { raw: { width, height, channels }, limitInputPixels: false }),
    spec.format,
  ).toBuffer()
}
