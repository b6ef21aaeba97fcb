import sharp, { type Sharp } from 'sharp'
import { GatewayError } from '../errors.ts'
import type { Layer } from '../retouch/compose.ts'
import { type Frame, openFrame, toFrame } from '../retouch/frame.ts'
import { type Box, isCut, type Sides } from '../retouch/geometry.ts'
import { type Layout, layOut } from '../retouch/layout.ts'
import { prepareOverlays } from '../retouch/overlays.ts'
import { isRetouched, retouch } from '../retouch/retouch.ts'
import { findWithinBorder } from '../retouch/trim.ts'
import { isPrepared, prepare, turnedSides } from '../retouch/turn.ts'
import type { FocalPoint } from '../transform/rendering-settings.ts'
import type { EditedSize } from '../transform/spec.ts'
import { keepsAlpha } from './encoders.ts'
import { brokenPicture, type Header, openOptions, readHeader } from './inspect.ts'
import type { PictureLimits, RenderJob } from './messages.ts'
import { orient, type Plan, STEPS, STEPS_TO_SIZE, toSrgb } from './steps.ts'

/** At this density, in dots per inch, librsvg draws an SVG in the sides that it names. */
const SVG_DENSITY = 72
const SVG_DENSITIES = { min: 1, max: 100_000 }

/** Beyond it libvips has no coordinates, and would call the picture broken. */
const MAX_SCALED_SIDE = 9_999_999

/** A source whose header has been read. */
export interface Inspected {
  readonly source: Uint8Array
  readonly header: Header
  readonly limits: PictureLimits
}

/** All sides that a source comes to. Nothing is decoded for it, unless pixels say what is trimmed. */
export async function layOutSource(
  inspected: Inspected,
  size: EditedSize,
  focus?: FocalPoint,
): Promise<Layout> {
  const { facts } = inspected.header
  const area = await findArea(inspected, size)
  const maxSearched = inspected.limits.maxPixels
  return layOut(facts, size, { area, focus, scalable: facts.format === 'svg', maxSearched })
}

/** The same part for all frames of an animation, by its first. */
async function findArea({ source, header, limits }: Inspected, { edits }: EditedSize) {
  if (edits?.trim?.by !== 'border') return undefined
  const opened = orient(sharp(source, openOptions(limits.maxPixels)), { header })
  const frame = await toFrame(toSrgb(opened, { header })).catch(refuse)
  return findWithinBorder(frame, edits.trim.border)
}

/** What is asked for at most: of how many frames, and how long a side may be. */
export interface Wanted {
  readonly size: EditedSize
  readonly frames: number
  readonly maxSide: number
  /** What the sides are of, for the message. */
  readonly name: string
}

/** Refuses what would be too large: the request is to blame for what it enlarges, the source for its own sides. */
export function checkOutput({ base, crop, output }: Layout, wanted: Wanted, limits: PictureLimits): void {
  const { size, frames, maxSide, name } = wanted
  const { width, height } = output
  const isAsked = size.fit !== 'width' && size.fit !== 'height' && size.fit !== 'original'
  const isEnlarged = width > base.width || height > base.height
  const isGrown = size.edits?.border !== undefined || (isAsked && isEnlarged)
  const code = size.fit === 'cover' || isGrown ? 'size_not_allowed' : 'source_too_large'
  if (Math.max(width, height) > maxSide) {
    const message = `The picture would be ${width}×${height}; a side of a ${name} is at most ${maxSide}`
    throw new GatewayError(code, message)
  }
  if (crop && Math.max(crop.scaled.width, crop.scaled.height) > MAX_SCALED_SIDE) {
    throw new GatewayError(
      'size_not_allowed',
      `The picture would have to be ${crop.scaled.width}×${crop.scaled.height} to fill this box`,
    )
  }
  const most = frames > 1 ? limits.maxFramePixels : limits.maxPixels
  if (frames * width * height > most) {
    const all = frames > 1 ? `${frames} frames of ${width}×${height}` : `${width}×${height}`
    throw new GatewayError(code, `The picture would be ${all}; at most ${most} pixels are rendered`)
  }
}

/** Decodes to finished pixels, apart from the encoder, so that their failures and times stay apart. */
export async function decode(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Frame> {
  const { output } = plan.layout
  const opened = await open(source, plan, limits)
  const steps = isRetouched(plan.spec) ? STEPS_TO_SIZE : STEPS
  const frame = await finish(await toFrame(apply(steps, opened.pipeline, opened.plan)).catch(refuse), plan)
  const { width, height } = frame
  if (width !== output.width || height !== output.height) {
    throw new Error(`Rendered ${width}×${height} instead of ${output.width}×${output.height}`)
  }
  return frame
}

/** What is done to a frame that has its size. */
export async function finish(frame: Frame, { spec, layout, settings, layers }: Plan): Promise<Frame> {
  if (!isRetouched(spec)) return frame
  return retouch(frame, {
    edits: spec.edits ?? {},
    canvas: layout.canvas,
    background: settings.background.slice(1),
    layers,
    keepsAlpha: keepsAlpha(spec.format),
  })
}

/** The overlays of a job as they lie over its picture. A picture never goes out without those that it is asked with. */
export async function prepareLayers(
  { spec, overlays = [], limits, settings }: RenderJob,
  { output }: Layout,
): Promise<readonly Layer[]> {
  const wanted = spec.edits?.draw ?? []
  if (overlays.length !== wanted.length)
    throw new Error(`${wanted.length} overlays, but ${overlays.length} came`)
  return prepareOverlays(overlays, output, async (source, size) => {
    const header = await readHeader(source, limits)
    const layout = await layOutSource({ source, header, limits }, size)
    checkOutput(layout, { size, frames: 1, maxSide: limits.maxOutputSide, name: 'layer' }, limits)
    return decode(source, { header, spec: { ...size, format: 'png' }, layout, settings, layers: [] }, limits)
  })
}

/** Takes a pipeline through steps. */
export function apply(steps: typeof STEPS, opened: Sharp, plan: Plan): Sharp {
  return steps.reduce((made, step) => step(made, plan), opened)
}

/** What fails while a source is decoded is the source's fault. */
export function refuse(error: unknown): never {
  throw brokenPicture(error)
}

interface Opened {
  readonly pipeline: Sharp
  readonly plan: Plan
}

async function open(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Opened> {
  const { header, spec, settings, layout } = plan
  const options = openOptions(limits.maxPixels)
  const pipeline = sharp(
    source,
    header.facts.format === 'svg' ? { ...options, density: svgDensity(plan, limits) } : options,
  )
  // sharp cannot convert through a profile and then work in linear light: once by itself, at full size.
  const isConverted = settings.linearLight && (header.profile !== undefined || header.isCmyk)
  if (!isConverted && !isPrepared(spec.edits)) return { pipeline, plan }
  const early = sidesBeforeTurning(plan)
  const converted = toSrgb(pipeline.autoOrient(), plan)
  const shrunk = early
    ? converted.resize({ ...turnedSides(early, spec.edits ?? {}), fit: 'fill' })
    : converted
  const whole = await toFrame(shrunk).catch(refuse)
  const frame = await prepare(whole, scaledBox(layout.area, header.facts, whole), spec.edits ?? {})
  const facts = { ...header.facts, orientation: 1 }
  return {
    pipeline: openFrame(frame),
    plan: {
      ...plan,
      header: { ...header, facts, profile: undefined, isCmyk: false, isDeep: false },
      layout: { ...layout, base: early ?? layout.base },
    },
  }
}

/** What is only mirrored and turned can be made small before, while it is decoded; `undefined` where it cannot. */
function sidesBeforeTurning({ header, spec, layout, settings }: Plan): Sides | undefined {
  const { base, target, crop } = layout
  const early = crop?.scaled ?? (isCut(spec) ? undefined : target)
  const isTrimmed = spec.edits?.trim !== undefined
  if (early === undefined || isTrimmed || settings.linearLight || header.facts.format === 'svg') {
    return undefined
  }
  return early.width < base.width && early.height < base.height ? early : undefined
}

/** Such that the drawing is at least as large as its target: a drawing is never enlarged as pixels. */
function svgDensity({ header, spec, layout }: Plan, limits: PictureLimits): number {
  const { base, target } = layout
  const factor = Math.max(target.width / base.width, target.height / base.height)
  // Of what is trimmed more is drawn than is shown; a hair less than the limit, as sides are rounded up.
  const area = header.facts.width * header.facts.height
  const most = isPrepared(spec.edits) ? Math.max(1, 0.99 * Math.sqrt(limits.maxPixels / area)) : Infinity
  return Math.min(Math.max(SVG_DENSITY * Math.min(factor, most), SVG_DENSITIES.min), SVG_DENSITIES.max)
}

/** The same part of a drawing at another size. */
function scaledBox(area: Box, from: Sides, to: Sides): Box {
  const [across, down] = [to.width / from.width, to.height / from.height]
  const left = Math.min(Math.round(area.left * across), to.width - 1)
  const top = Math.min(Math.round(area.top * down), to.height - 1)
  return {
    left,
    top,
    width: Math.min(Math.max(1, Math.round(area.width * across)), to.width - left),
    height: Math.min(Math.max(1, Math.round(area.height * down)), to.height - top),
  }
}
