import sharp, { type Sharp } from 'sharp'
import { openFrame } from '../retouch/frame.ts'
import { isCut } from '../retouch/geometry.ts'
import { isRetouched } from '../retouch/retouch.ts'
import { isPrepared } from '../retouch/turn.ts'
import { renderFrames } from './animation.ts'
import { classify } from './colours.ts'
import { apply, checkOutput, decode, layOutSource, prepareLayers, refuse } from './decode.ts'
import { contentTypeOf, encodeAs, type EncodeOptions, keepsFrames, maxSideOf } from './encoders.ts'
import { copyrightOf, type ExifFields, exifToKeep, withExif } from './exif.ts'
import { checkFrames, openOptions, readHeader } from './inspect.ts'
import type { Picture, PictureLimits, RenderJob } from './messages.ts'
import { isDisplayP3 } from './profiles.ts'
import { type Plan, STEPS, STEPS_IN_OWN_COLOURS, strategyOf } from './steps.ts'

declare module 'sharp' {
  interface Sharp {
    /** Missing in the types of sharp 0.35. */
    keepGainMap(): Sharp
  }
}

/** What came out, and when its pixels were ready to be encoded (`performance.now()`). */
interface Rendered {
  readonly bytes: Buffer
  readonly decodedAt: number
}

/** Renders one variant. What the picture is to blame for is a `GatewayError`; anything else is a fault of ours. */
export async function renderPicture(job: RenderJob): Promise<Picture> {
  const started = performance.now()
  const { source, spec, limits, settings, focus } = job
  const header = await readHeader(source, limits)
  const { facts } = header
  const layout = await layOutSource({ source, header, limits }, spec, focus)
  const isAnimated = facts.frames > 1 && keepsFrames(spec.format) && spec.edits?.still === undefined
  const maxSide = Math.min(limits.maxOutputSide, maxSideOf(spec.format))
  const frames = isAnimated ? facts.frames : 1
  checkOutput(layout, { size: spec, frames, maxSide, name: spec.format }, limits)
  const plan = { header, spec, layout, settings, layers: await prepareLayers(job, layout) }
  const { bytes, decodedAt } = isAnimated ? await renderAnimation(job, plan) : await renderStill(job, plan)
  return {
    bytes,
    contentType: contentTypeOf(spec.format),
    width: layout.output.width,
    height: layout.output.height,
    decodeMs: decodedAt - started,
    encodeMs: performance.now() - decodedAt,
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
  const frame = await decode(source, plan, limits)
  const decodedAt = performance.now()
  return { bytes: await encode(openFrame(frame), plan, { content: classify(frame) }), decodedAt }
}

/** What depends on more than pixels: a gain map, a profile that stays. It is lost where decoded and encoded are apart. */
function staysWhole(plan: Plan): boolean {
  const { spec } = plan
  if (isPrepared(spec.edits) || isRetouched(spec)) return false
  return keepsGainMap(plan) || keepsP3(plan)
}

/** Where sharp can: it cannot look for the place of a box meanwhile, nor work in linear light. */
function keepsGainMap({ header, spec, layout, settings }: Plan): boolean {
  const isPlaced = !isCut(spec) || layout.crop !== undefined || strategyOf(spec, settings) === 'centre'
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

function encode(pipeline: Sharp, plan: Plan, options?: EncodeOptions): Promise<Buffer> {
  const { format, edits } = plan.spec
  return encodeAs(withExif(pipeline, exifOf(plan)), format, { ...options, edits }).toBuffer()
}

/** What of the source's EXIF goes along: only a JPEG can be asked to keep more or less than the operator says. */
function exifOf({ header, spec, settings }: Plan): ExifFields {
  const byOperator = settings.keepsCopyright ? 'copyright' : 'none'
  const asked = spec.format === 'jpg' ? spec.edits?.metadata : undefined
  switch (asked ?? byOperator) {
    case 'none':
      return {}
    case 'copyright':
      return copyrightOf(header.exif)
    case 'keep':
      return exifToKeep(header.exif)
  }
}
