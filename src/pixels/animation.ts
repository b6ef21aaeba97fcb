import sharp, { type Raw, type Sharp } from 'sharp'
import { type Frame, openFrame, toFrame } from '../retouch/frame.ts'
import { type Crop, filling, isCut, type Sides } from '../retouch/geometry.ts'
import { isPrepared, prepare } from '../retouch/turn.ts'
import { finish } from './decode.ts'
import { brokenPicture, openOptions } from './inspect.ts'
import type { PictureLimits } from './messages.ts'
import { type Plan, resize, toSrgb } from './steps.ts'

/** The frames of an animation, one below the other; `height` is that of one. */
export interface Frames {
  readonly data: Buffer
  readonly info: { readonly width: number; readonly height: number; readonly channels: Raw['channels'] }
}

/** Pixels that are decoded at once: bounds memory, whatever the number of frames. */
const WINDOW_PIXELS = 16_000_000

/**
 * Decodes every frame and does by itself to it all that is done to a still. libvips would resize all of them as one tall
 * picture, whose frames then show through at each other's edges.
 */
export async function renderFrames(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Frames> {
  const { facts } = plan.header
  const stored = asStored(facts)
  const window = Math.max(1, Math.floor(WINDOW_PIXELS / (stored.width * stored.height)))
  let strip: Strip | undefined
  let settled = plan
  for (let page = 0; page < facts.frames; page += window) {
    const pages = Math.min(window, facts.frames - page)
    const decoded = await decodeWindow(source, { page, pages }, plan, limits)
    for (let index = 0; index < pages; index += 1) {
      const frame = frameAt(decoded, stored, index)
      if (page + index === 0) settled = await settle(frame, plan)
      const sized = await toFrame(resize(await upright(frame, plan), settled))
      const made = await finish(sized, settled)
      strip ??= new Strip(made, facts.frames)
      strip.put(made, page + index)
    }
  }
  if (strip === undefined) throw new Error('An animation without frames')
  return strip
}

/** Frames of one size, one below the other. */
class Strip implements Frames {
  readonly data: Buffer
  readonly info: Frames['info']

  constructor({ width, height, channels }: Frame, frames: number) {
    this.info = { width, height, channels }
    this.data = Buffer.allocUnsafe(frames * width * height * channels)
  }

  put({ data }: Frame, index: number): void {
    const { width, height, channels } = this.info
    this.data.set(data, index * width * height * channels)
  }
}

function frameAt(
  { data, channels }: { readonly data: Buffer; readonly channels: Raw['channels'] },
  { width, height }: Sides,
  index: number,
): Frame {
  const frameBytes = width * height * channels
  return { data: data.subarray(index * frameBytes, (index + 1) * frameBytes), width, height, channels }
}

/** A frame as it is to be seen, trimmed and turned as the edits say. */
async function upright(frame: Frame, { header, spec, layout }: Plan): Promise<Sharp> {
  const seen = turned(frame, header.facts.orientation)
  if (!isPrepared(spec.edits)) return seen
  return openFrame(await prepare(await toFrame(seen), layout.area, spec.edits ?? {}))
}

/** Whatever is found in the first frame holds for all of them, or the picture would shake. */
async function settle(first: Frame, plan: Plan): Promise<Plan> {
  const { spec, layout } = plan
  if (layout.crop !== undefined || !isCut(spec)) return plan
  const { info } = await resize(await upright(first, plan), plan)
    .raw()
    .toBuffer({ resolveWithObject: true })
  const crop: Crop = {
    scaled: filling(layout.base, layout.target),
    left: Math.abs(info.cropOffsetLeft ?? 0),
    top: Math.abs(info.cropOffsetTop ?? 0),
  }
  return { ...plan, layout: { ...layout, crop } }
}

async function decodeWindow(
  source: Uint8Array,
  pages: { readonly page: number; readonly pages: number },
  plan: Plan,
  limits: PictureLimits,
): Promise<{ data: Buffer; channels: Raw['channels'] }> {
  try {
    const opened = sharp(source, { ...openOptions(limits.maxFramePixels), ...pages })
    const { data, info } = await toSrgb(opened, plan).raw().toBuffer({ resolveWithObject: true })
    return { data, channels: info.channels }
  } catch (error) {
    throw brokenPicture(error)
  }
}

/** A frame as it is to be seen (EXIF 2.3, table 6): sharp mirrors before it turns. */
function turned(frame: Frame, orientation: number): Sharp {
  const opened = openFrame(frame)
  const mirrored = [2, 5, 7].includes(orientation)
    ? opened.flop()
    : orientation === 4
      ? opened.flip()
      : opened
  const angle = { 3: 180, 5: 270, 6: 90, 7: 90, 8: 270 }[orientation]
  return angle === undefined ? mirrored : mirrored.rotate(angle)
}

function asStored({ width, height, orientation }: Sides & { readonly orientation: number }): Sides {
  return orientation >= 5 ? { width: height, height: width } : { width, height }
}
