import sharp, { type OutputInfo, type Sharp } from 'sharp'
import { GatewayError } from '../errors.ts'
import { classify } from './colours.ts'
import { renderFrames } from './animation.ts'
import { readCopyright, withCopyright } from './exif.ts'
import { contentTypeOf, encodeAs, type EncodeOptions, keepsFrames, maxSideOf } from './encoders.ts'
import { type Sides, targetSides } from './geometry.ts'
import { brokenPicture, checkFrames, openOptions, readHeader } from './inspect.ts'
import type { Picture, PictureLimits, RenderJob } from './messages.ts'
import { isDisplayP3 } from './profiles.ts'
import { type Plan, plannedCrop, STEPS, STEPS_IN_OWN_COLOURS, toSrgb } from './steps.ts'

declare module 'sharp' {
  interface Sharp {
    /** Missing in the types of sharp 0.35. */
    keepGainMap(): Sharp
  }
}

/** Raw pixels, as sharp gives them. */
export interface Pixels {
  readonly data: Buffer
  readonly info: OutputInfo
}

/** What came out, and when its pixels were ready to be encoded (`performance.now()`). */
interface Rendered {
  readonly bytes: Buffer
  readonly decodedAt: number
}

/** At this density, in dots per inch, librsvg draws an SVG in the sides that it names. */
const SVG_DENSITY = 72
const SVG_DENSITIES = { min: 1, max: 100_000 }

/** Renders one variant. What the picture is to blame for is a `GatewayError`; anything else is a fault of ours. */
export async function renderPicture(job: RenderJob): Promise<Picture> {
  const started = performance.now()
  const { source, spec, limits, settings } = job
  const header = await readHeader(source, limits)
  const { facts } = header
  const target = targetSides(facts, spec, facts.format === 'svg')
  const plan = { header, spec, target, settings, crop: plannedCrop(facts, spec, job.focus) }
  const isAnimated = facts.frames > 1 && keepsFrames(spec.format)
  checkTarget(plan, isAnimated ? facts.frames : 1, limits)
  const { bytes, decodedAt } = isAnimated ? await renderAnimation(job, plan) : await renderStill(job, plan)
  return {
    bytes,
    contentType: contentTypeOf(spec.format),
    width: target.width,
    height: target.height,
    decodeMs: decodedAt - started,
    encodeMs: performance.now() - decodedAt,
  }
}

function checkTarget({ spec, target }: Plan, frames: number, limits: PictureLimits): void {
  const { width, height } = target
  // A box is what the request says; any other size follows from the source.
  const code = spec.fit === 'cover' ? 'size_not_allowed' : 'source_too_large'
  const longest = Math.min(limits.maxOutputSide, maxSideOf(spec.format))
  if (Math.max(width, height) > longest) {
    const message = `The picture would be ${width}×${height}; a side of a ${spec.format} is at most ${longest}`
    throw new GatewayError(code, message)
  }
  const most = frames > 1 ? limits.maxFramePixels : limits.maxPixels
  if (frames * width * height > most) {
    const all = frames > 1 ? `${frames} frames of ${width}×${height}` : `${width}×${height}`
    throw new GatewayError(code, `The picture would be ${all}; at most ${most} pixels are rendered`)
  }
}

async function renderAnimation({ source, limits }: RenderJob, plan: Plan): Promise<Rendered> {
  checkFrames(plan.header.facts, limits)
  const { data, info } = await renderFrames(source, plan, limits)
  const decodedAt = performance.now()
  const { facts, delays, loop } = plan.header
  const { width, height, channels } = info
  const raw = { width, height: height * facts.frames, channels, pageHeight: height }
  const pipeline = sharp(data, { raw, limitInputPixels: false })
  return { bytes: await encode(pipeline, plan, { playback: { delays, loop } }), decodedAt }
}

async function renderStill({ source, limits }: RenderJob, plan: Plan): Promise<Rendered> {
  if (staysWhole(plan)) return renderWhole(source, plan, limits)
  const { data, info } = await decode(source, plan, limits)
  const decodedAt = performance.now()
  const { width, height, channels } = info
  const pipeline = sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
  const content = classify({ data, width, height, channels })
  return { bytes: await encode(pipeline, plan, { content }), decodedAt }
}

/** What depends on more than pixels: a gain map, a profile that stays. It is lost where decoded and encoded are apart. */
function staysWhole(plan: Plan): boolean {
  return keepsGainMap(plan) || keepsP3(plan)
}

/** Where sharp can: it cannot look for the place of a box meanwhile, nor work in linear light. */
function keepsGainMap({ header, spec, crop, settings }: Plan): boolean {
  const isPlaced = spec.fit !== 'cover' || crop !== undefined || settings.crop === 'centre'
  return (
    settings.keepsGainMap && header.hasGainMap && spec.format === 'jpg' && isPlaced && !settings.linearLight
  )
}

function keepsP3({ header, spec, settings }: Plan): boolean {
  const { profile, isCmyk } = header
  // A GIF has no place for a profile.
  return settings.keepsP3 && spec.format !== 'gif' && !isCmyk && profile !== undefined && isDisplayP3(profile)
}

/** In one pass. The time of decoding cannot be told from that of encoding, and counts as the latter. */
async function renderWhole(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Rendered> {
  const decodedAt = performance.now()
  const opened = sharp(source, openOptions(limits.maxPixels))
  const pipeline = keepsP3(plan)
    ? apply(STEPS_IN_OWN_COLOURS, opened.keepIccProfile(), plan)
    : apply(STEPS, opened, plan)
  const kept = keepsGainMap(plan) ? pipeline.keepGainMap() : pipeline
  return { bytes: await encode(kept, plan).catch(refuse), decodedAt }
}

/** Decodes and resizes to raw pixels, apart from the encoder, so that their failures and times stay apart. */
export async function decode(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Pixels> {
  const { target } = plan
  const opened = await open(source, plan, limits)
  const pixels = await toPixels(apply(STEPS, opened.pipeline, opened.plan))
  const { width, height } = pixels.info
  if (width !== target.width || height !== target.height) {
    throw new Error(`Rendered ${width}×${height} instead of ${target.width}×${target.height}`)
  }
  return pixels
}

interface Opened {
  readonly pipeline: Sharp
  readonly plan: Plan
}

async function open(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Opened> {
  const { header, target, settings } = plan
  const options = openOptions(limits.maxPixels)
  if (header.facts.format === 'svg') {
    return { pipeline: sharp(source, { ...options, density: svgDensity(header.facts, target) }), plan }
  }
  const pipeline = sharp(source, options)
  if (!settings.linearLight || (header.profile === undefined && !header.isCmyk)) return { pipeline, plan }
  // sharp cannot convert through a profile and then work in linear light: once by itself, at full size.
  const { data, info } = await toPixels(toSrgb(pipeline.autoOrient(), plan))
  const { width, height, channels } = info
  const facts = { ...header.facts, orientation: 1 }
  return {
    pipeline: sharp(data, { raw: { width, height, channels }, limitInputPixels: false }),
    plan: { ...plan, header: { ...header, facts, profile: undefined, isCmyk: false, isDeep: false } },
  }
}

/** Such that the drawing is at least as large as its target: a drawing is never enlarged as pixels. */
function svgDensity(facts: Sides, target: Sides): number {
  const factor = Math.max(target.width / facts.width, target.height / facts.height)
  return Math.min(Math.max(SVG_DENSITY * factor, SVG_DENSITIES.min), SVG_DENSITIES.max)
}

function apply(steps: typeof STEPS, opened: Sharp, plan: Plan): Sharp {
  return steps.reduce((made, step) => step(made, plan), opened)
}

function toPixels(pipeline: Sharp): Promise<Pixels> {
  return pipeline.raw().toBuffer({ resolveWithObject: true }).catch(refuse)
}

/** What fails while a source is decoded is the source's fault. */
function refuse(error: unknown): never {
  throw brokenPicture(error)
}

function encode(pipeline: Sharp, { header, spec, settings }: Plan, options?: EncodeOptions): Promise<Buffer> {
  const signed = settings.keepsCopyright ? withCopyright(pipeline, readCopyright(header.exif)) : pipeline
  return encodeAs(signed, spec.format, options).toBuffer()
}
