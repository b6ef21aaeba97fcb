import type { Border, Colour } from '../transform/edits.ts'
import { type Frame, inColour, withOpacity } from './frame.ts'
import type { Sides } from './geometry.ts'

type Rgba = readonly [red: number, green: number, blue: number, opacity: number]

/** Paints a colour under whatever is transparent. Under an opaque colour nothing stays transparent. */
export function flatten(frame: Frame, colour: Colour): Frame {
  if (frame.channels % 2 === 1) return frame
  const under = rgbaOf(colour)
  const { data, width, height } = inColour(frame)
  const channels = under[3] === 255 ? 3 : 4
  const made = new Uint8Array(width * height * channels)
  for (let from = 0, to = 0; from < data.length; from += 4, to += channels) {
    const over = (data[from + 3] ?? 0) / 255
    // Opacity of both together (Porter-Duff "over").
    const below = (under[3] / 255) * (1 - over)
    const both = over + below
    const share = both === 0 ? 0 : over / both
    for (let shade = 0; shade < 3; shade += 1) {
      made[to + shade] = Math.round((data[from + shade] ?? 0) * share + (under[shade] ?? 0) * (1 - share))
    }
    if (channels === 4) made[to + 3] = Math.round(both * 255)
  }
  return { data: made, width, height, channels }
}

/** Puts a frame into the middle of a canvas of one colour. */
export function pad(frame: Frame, { width, height }: Sides, colour: Colour): Frame {
  const [left, top] = [Math.floor((width - frame.width) / 2), Math.floor((height - frame.height) / 2)]
  const [right, bottom] = [width - frame.width - left, height - frame.height - top]
  return surround(frame, { colour, top, right, bottom, left })
}

/** Puts margins of one colour around a frame, which grows by them. */
export function surround(frame: Frame, { colour, top, right, bottom, left }: Border): Frame {
  const shades = rgbaOf(colour)
  const inner = shades[3] === 255 ? inColour(frame) : withOpacity(frame)
  const { channels } = inner
  const width = left + inner.width + right
  const height = top + inner.height + bottom
  const data = Buffer.alloc(width * height * channels, Uint8Array.from(shades.slice(0, channels)))
  for (let row = 0; row < inner.height; row += 1) {
    const from = row * inner.width * channels
    const to = ((top + row) * width + left) * channels
    data.set(inner.data.subarray(from, from + inner.width * channels), to)
  }
  return { data, width, height, channels }
}

function rgbaOf(colour: Colour): Rgba {
  const [red = 0, green = 0, blue = 0, opacity = 255] = Buffer.from(colour, 'hex')
  return [red, green, blue, opacity]
}
