import type { Edits } from '../transform/edits.ts'
import type { Frame } from './frame.ts'

type Tone = Pick<Edits, 'brightness' | 'contrast' | 'gamma' | 'saturation'>

/** The middle between black and white, which contrast leaves where it is. */
const MIDDLE = 127.5
/** Shares of red, green and blue in how bright a colour is (Rec. 709, as CSS rounds them). */
const LUMA = [0.213, 0.715, 0.072] as const
/** Sums of decimals may fall short of a whole number by so much. */
const ROUNDING = 1e-6

/** Brightness, contrast, gamma, saturation, in this order. Opacity stays as it is, and what comes to fractions is cut. */
export function tone(frame: Frame, edits: Tone): Frame {
  const { brightness, contrast, gamma, saturation } = edits
  const isCurved = brightness !== undefined || contrast !== undefined || gamma !== undefined
  const curved = isCurved ? applied(frame, curveOf(edits)) : frame
  return saturation === undefined || curved.channels <= 2 ? curved : saturated(curved, saturation)
}

/** What becomes of each of the 256 levels of a channel. */
function curveOf({ brightness = 1, contrast = 1, gamma = 1 }: Tone): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => {
    const brightened = clamp(level * brightness)
    const contrasted = clamp(MIDDLE + (brightened - MIDDLE) * contrast)
    return whole(255 * (contrasted / 255) ** gamma)
  })
}

function applied(frame: Frame, curve: Uint8Array): Frame {
  const { channels } = frame
  const data = Uint8Array.from(frame.data)
  const colours = channels % 2 === 0 ? channels - 1 : channels
  for (let at = 0; at < data.length; at += channels) {
    for (let colour = at; colour < at + colours; colour += 1) data[colour] = curve[data[colour] ?? 0] ?? 0
  }
  return { ...frame, data }
}

/** Each channel moves away from how bright the pixel is, or towards it: at 0 the picture is grey. */
function saturated(frame: Frame, factor: number): Frame {
  const { channels } = frame
  const data = Uint8Array.from(frame.data)
  for (let at = 0; at < data.length; at += channels) {
    const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0]
    const grey = red * LUMA[0] + green * LUMA[1] + blue * LUMA[2]
    data[at] = whole(grey + (red - grey) * factor)
    data[at + 1] = whole(grey + (green - grey) * factor)
    data[at + 2] = whole(grey + (blue - grey) * factor)
  }
  return { ...frame, data }
}

function clamp(level: number): number {
  return Math.min(Math.max(level, 0), 255)
}

function whole(level: number): number {
  return Math.floor(clamp(level) + ROUNDING)
}
