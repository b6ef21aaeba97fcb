import type { Trim, TrimBorder, TrimBox, TrimSides } from '../transform/edits.ts'
import type { Frame } from './frame.ts'
import type { Box, Sides } from './geometry.ts'

/** How far a pixel may be from the border's colour where nothing is said, 0 to 255: what JPEG does to a flat colour. */
const TOLERANCE = 10

/** The part of a picture that trimming leaves, at least a pixel; all of it where there is nothing to trim. */
export function trimmedBox(source: Sides, trim: Trim | undefined): Box {
  switch (trim?.by) {
    case 'sides':
      return withoutSides(source, trim.sides)
    case 'box':
      return withinBox(source, trim.box)
    default:
      return { left: 0, top: 0, width: source.width, height: source.height }
  }
}

function withoutSides(source: Sides, { top, right, bottom, left }: TrimSides): Box {
  const across = span(source.width, pixels(left, source.width), source.width - pixels(right, source.width))
  const down = span(source.height, pixels(top, source.height), source.height - pixels(bottom, source.height))
  return { left: across.from, top: down.from, width: across.length, height: down.length }
}

function withinBox(source: Sides, { left, top, width, height }: TrimBox): Box {
  const [x, y] = [pixels(left, source.width), pixels(top, source.height)]
  const across = span(source.width, x, x + (width === undefined ? source.width : pixels(width, source.width)))
  const down = span(
    source.height,
    y,
    y + (height === undefined ? source.height : pixels(height, source.height)),
  )
  return { left: across.from, top: down.from, width: across.length, height: down.length }
}

/** A fraction of a side, or whole pixels: 1 is a pixel. */
function pixels(length: number, side: number): number {
  return Math.round(length < 1 ? length * side : length)
}

function span(side: number, from: number, to: number): { readonly from: number; readonly length: number } {
  const start = Math.min(from, side - 1)
  return { from: start, length: Math.max(1, Math.min(to, side) - start) }
}

/** The part of a picture within its border; all of it where it is nothing but border. */
export function findWithinBorder(frame: Frame, { colour, tolerance = TOLERANCE, keep = 0 }: TrimBorder): Box {
  const { width, height } = frame
  const wanted = colour === undefined ? pixelAt(frame, 0) : inChannels(colour, frame.channels)
  const isBorder = (x: number, y: number) =>
    isNear(frame, (y * width + x) * frame.channels, wanted, tolerance)
  const isRow = (y: number) => every(width, (x) => isBorder(x, y))
  const top = count(height, isRow)
  const whole = { left: 0, top: 0, width, height }
  if (top === height) return whole
  const bottom = count(height, (y) => isRow(height - 1 - y))
  const inRows = (x: number) => every(height - top - bottom, (y) => isBorder(x, top + y))
  const left = count(width, inRows)
  const right = count(width, (x) => inRows(width - 1 - x))
  const kept = (cut: number) => Math.max(0, cut - Math.round(keep))
  return withoutSides(frame, { top: kept(top), right: kept(right), bottom: kept(bottom), left: kept(left) })
}

/** How many in a row, from 0, are so. */
function count(most: number, isSo: (at: number) => boolean): number {
  let at = 0
  while (at < most && isSo(at)) at += 1
  return at
}

function every(length: number, isSo: (at: number) => boolean): boolean {
  return count(length, isSo) === length
}

function pixelAt({ data, channels }: Frame, at: number): readonly number[] {
  return [...data.subarray(at, at + channels)]
}

/** A colour in as many channels as a picture has; in a grey one by its green. */
function inChannels(colour: string, channels: Frame['channels']): readonly number[] {
  const [red = 0, green = 0, blue = 0, opacity = 255] = Buffer.from(colour, 'hex')
  const shades = channels <= 2 ? [green] : [red, green, blue]
  return channels % 2 === 0 ? [...shades, opacity] : shades
}

function isNear(
  { data, channels }: Frame,
  at: number,
  wanted: readonly number[],
  tolerance: number,
): boolean {
  const last = channels - 1
  // What is transparent has no colour, whatever hides there.
  if (channels % 2 === 0 && data[at + last] === 0 && wanted[last] === 0) return true
  for (let channel = 0; channel < channels; channel += 1) {
    if (Math.abs((data[at + channel] ?? 0) - (wanted[channel] ?? 0)) > tolerance) return false
  }
  return true
}
