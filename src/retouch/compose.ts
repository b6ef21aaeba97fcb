import type { Composite } from '../transform/overlay.ts'
import { type Frame, inColour, withOpacity } from './frame.ts'

/** A picture that lies somewhere over another, which may end before it does. */
export interface Layer {
  /** With opacity: four channels. */
  readonly frame: Frame
  /** Where its upper left corner is in the picture below. */
  readonly left: number
  readonly top: number
  /** Whether it is laid beside and below itself until the picture is covered. */
  readonly repeats: { readonly x: boolean; readonly y: boolean }
  /** 0 to 1, of the whole. */
  readonly opacity: number
  readonly composite: Composite
}

/** The shares of what is above and of what is below, by their opacities. */
type Shares = (above: number, below: number) => readonly [above: number, below: number]

/** Porter and Duff: Compositing Digital Images (1984), table 1; `plus` for the last. */
const SHARES: Readonly<Record<Composite, Shares>> = {
  over: (above) => [1, 1 - above],
  in: (_, below) => [below, 0],
  atop: (above, below) => [below, 1 - above],
  out: (_, below) => [1 - below, 0],
  xor: (above, below) => [1 - below, 1 - above],
  lighter: () => [1, 1],
}

/** What can leave an opaque picture transparent. */
const OPENING: ReadonlySet<Composite> = new Set(['in', 'out', 'xor'])

/** Lays pictures over a frame, from the first to the last. Outside of them nothing changes. */
export function compose(frame: Frame, layers: readonly Layer[]): Frame {
  const isOpaque = frame.channels % 2 === 1 && !layers.some(({ composite }) => OPENING.has(composite))
  const below = isOpaque ? inColour(frame) : withOpacity(frame)
  const made = { ...below, data: Uint8Array.from(below.data) }
  for (const layer of layers) lay(made, layer)
  return made
}

/** From the first up to, and without, the second. */
type Range = readonly [from: number, to: number]

function covered(start: number, length: number, available: number, isRepeated: boolean): Range {
  if (isRepeated) return [0, available]
  return [Math.max(0, start), Math.min(start + length, available)]
}

function lay(frame: Frame, layer: Layer): void {
  const { frame: tile, left, top, repeats } = layer
  const [fromX, toX] = covered(left, tile.width, frame.width, repeats.x)
  const [fromY, toY] = covered(top, tile.height, frame.height, repeats.y)
  for (let y = fromY; y < toY; y += 1) {
    const row = within(y - top, tile.height) * tile.width
    for (let x = fromX; x < toX; x += 1) {
      const from = (row + within(x - left, tile.width)) * 4
      mix(frame, (y * frame.width + x) * frame.channels, layer, from)
    }
  }
}

/** The remainder, also of what is negative. */
function within(offset: number, length: number): number {
  return ((offset % length) + length) % length
}

/** Brings one pixel of a layer, and the pixel of the frame below it, together in the frame. */
function mix({ data, channels }: Frame, to: number, layer: Layer, from: number): void {
  const { frame, opacity, composite } = layer
  const above = ((frame.data[from + 3] ?? 0) / 255) * opacity
  const below = channels === 4 ? (data[to + 3] ?? 0) / 255 : 1
  const [upper, lower] = SHARES[composite](above, below)
  const [fromAbove, fromBelow] = [above * upper, below * lower]
  const both = Math.min(1, fromAbove + fromBelow)
  for (let shade = 0; shade < 3; shade += 1) {
    const sum = fromAbove * (frame.data[from + shade] ?? 0) + fromBelow * (data[to + shade] ?? 0)
    data[to + shade] = both === 0 ? 0 : Math.min(255, Math.round(sum / both))
  }
  if (channels === 4) data[to + 3] = Math.round(both * 255)
}
