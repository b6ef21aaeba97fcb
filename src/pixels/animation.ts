import sharp, { type Raw, type Sharp } from 'sharp'
import type { Crop, Sides } from './geometry.ts'
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
 * Decodes and resizes every frame by itself. libvips would resize all of them as one tall picture, whose frames then
 * show through at each other's edges.
 */
export async function renderFrames(source: Uint8Array, plan: Plan, limits: PictureLimits): Promise<Frames> {
  const { facts } = plan.header
  const stored = asStored(facts)
  const { width, height } = plan.target
  const window = Math.max(1, Math.floor(WINDOW_PIXELS / (stored.width * stored.height)))
  let data: Buffer | undefined
  let channels: Raw['channels'] = 4
  let settled = plan
  for (let page = 0; page < facts.frames; page += window) {
    const pages = Math.min(window, facts.frames - page)
    const decoded = await decodeWindow(source, { page, pages }, plan, limits)
    channels = decoded.channels
    data ??= Buffer.allocUnsafe(facts.frames * width * height * channels)
    const frameBytes = stored.width * stored.height * channels
    for (let index = 0; index < pages; index += 1) {
      const frame = decoded.data.subarray(index * frameBytes, (index + 1) * frameBytes)
      const raw = { ...stored, channels }
      if (page + index === 0) settled = { ...plan, crop: plan.crop ?? (await findCrop(frame, raw, plan)) }
      const made = await resize(turned(frame, raw, facts.orientation), settled)
        .raw()
        .toBuffer()
      made.copy(data, (page + index) * width * height * channels)
    }
  }
  return { data: data ?? Buffer.alloc(0), info: { width, height, channels } }
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

/** The crop that the settings' strategy finds in the first frame: one for all, or the picture would shake. */
async function findCrop(frame: Buffer, raw: Raw, plan: Plan): Promise<Crop | undefined> {
  const { header, spec, target } = plan
  if (spec.fit !== 'cover') return undefined
  const first = resize(turned(frame, raw, header.facts.orientation), plan)
  const { info } = await first.raw().toBuffer({ resolveWithObject: true })
  const factor = Math.max(target.width / header.facts.width, target.height / header.facts.height)
  return {
    scaled: {
      width: Math.max(target.width, Math.round(header.facts.width * factor)),
      height: Math.max(target.height, Math.round(header.facts.height * factor)),
    },
    left: Math.abs(info.cropOffsetLeft ?? 0),
    top: Math.abs(info.cropOffsetTop ?? 0),
  }
}

/** A frame as it is to be seen (EXIF 2.3, table 6): sharp mirrors before it turns. */
function turned(frame: Buffer, raw: Raw, orientation: number): Sharp {
  const opened = sharp(frame, { raw, limitInputPixels: false })
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
