import { rgbaToThumbHash } from 'thumbhash'
import { type Frame, openFrame, toFrame } from '../retouch/frame.ts'
import { layOut } from '../retouch/layout.ts'
import { DEFAULT_RENDERING } from '../transform/rendering-settings.ts'
import { renderFrames } from './animation.ts'
import { dominantColour } from './colours.ts'
import { checkOutput, decode, layOutSource } from './decode.ts'
import { readShot } from './exif.ts'
import { checkFrames, type Header, readHeader } from './inspect.ts'
import type { DescribeJob, Description, MeasureJob, Measurement, PictureLimits } from './messages.ts'
import type { Plan } from './steps.ts'

/** The longer side of what a description is made from, in pixels: the most that a ThumbHash is made from. */
const LONGEST_SIDE = 100

/**
 * Tells what a picture is, and what it looks like: of an animation its first frame. It is decoded as for a rendering, so
 * that what cannot be rendered cannot be described either.
 */
export async function describePicture(job: DescribeJob): Promise<Description> {
  const { kind, source, limits, settings } = job
  const started = performance.now()
  const header = await readHeader(source, limits)
  const plan = smallPlan(header)
  if (kind === 'examine' && header.facts.frames > 1) await decodeFrames(source, plan, limits)
  const small = await toRgba(await decode(source, plan, limits))
  const decoded = performance.now()
  return {
    facts: header.facts,
    dominantColour: dominantColour(small.data),
    thumbHash: rgbaToThumbHash(small.width, small.height, small.data),
    shot: kind === 'examine' || settings.tellsShot ? readShot(header.exif) : undefined,
    decodeMs: decoded - started,
    encodeMs: performance.now() - decoded,
  }
}

/** Tells how large a picture would be, without making it. Only what is trimmed by its colour is decoded. */
export async function measurePicture({ source, size, limits }: MeasureJob): Promise<Measurement> {
  const started = performance.now()
  const header = await readHeader(source, limits)
  const layout = await layOutSource({ source, header, limits }, size)
  checkOutput(layout, { size, frames: 1, maxSide: limits.maxOutputSide, name: 'picture' }, limits)
  return { ...layout.output, facts: header.facts, decodeMs: performance.now() - started }
}

/** What is broken in a later frame is seen before anybody asks for it. */
async function decodeFrames(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<void> {
  checkFrames(plan.header.facts, limits)
  await renderFrames(source, plan, limits)
}

/** PNG: a still, with its transparency. What operators decide about pictures does not change what they are. */
function smallPlan(header: Header): Plan {
  const { facts } = header
  const long = { width: LONGEST_SIDE, height: LONGEST_SIDE, format: 'png' } as const
  const spec = { ...long, fit: facts.width >= facts.height ? 'width' : 'height' } as const
  const layout = layOut(facts, spec, { scalable: facts.format === 'svg' })
  return { header, spec, layout, settings: DEFAULT_RENDERING, layers: [] }
}

/** Four channels of eight bits, opacity last and not multiplied in. */
function toRgba(frame: Frame): Promise<Frame> {
  return toFrame(openFrame(frame).toColourspace('srgb').ensureAlpha())
}
