import sharp, { type Sharp } from 'sharp'
import type { Box } from './geometry.ts'

/** Pixels of 8 bits a channel, rows from the top, in sRGB; of two or four channels the last is opacity. */
export interface Frame {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
}

/** A pipeline that begins with a frame. How large it may be has been checked before. */
export function openFrame({ data, width, height, channels }: Frame): Sharp {
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
}

/** The pixels that a pipeline makes. */
export async function toFrame(pipeline: Sharp): Promise<Frame> {
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** The same with three channels, or four where there is opacity. */
export function inColour(frame: Frame): Frame {
  return frame.channels >= 3 ? frame : spread(frame, frame.channels === 2 ? 4 : 3)
}

/** The same with four channels. */
export function withOpacity(frame: Frame): Frame {
  return frame.channels === 4 ? frame : spread(frame, 4)
}

function spread({ data, width, height, channels }: Frame, wanted: 3 | 4): Frame {
  const made = new Uint8Array(width * height * wanted)
  const isGrey = channels <= 2
  const hasOpacity = channels === 2 || channels === 4
  for (let from = 0, to = 0; to < made.length; from += channels, to += wanted) {
    for (let colour = 0; colour < 3; colour += 1) made[to + colour] = data[isGrey ? from : from + colour] ?? 0
    if (wanted === 4) made[to + 3] = hasOpacity ? (data[from + channels - 1] ?? 0) : 255
  }
  return { data: made, width, height, channels: wanted }
}

/** A part of a frame, with its own pixels. */
export function cutOut(frame: Frame, { left, top, width, height }: Box): Frame {
  const { channels } = frame
  const data = new Uint8Array(width * height * channels)
  for (let row = 0; row < height; row += 1) {
    const from = ((top + row) * frame.width + left) * channels
    data.set(frame.data.subarray(from, from + width * channels), row * width * channels)
  }
  return { data, width, height, channels }
}
