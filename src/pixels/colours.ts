/** What a picture looks like to an encoder: flat graphics (logos, charts, screenshots) or anything else. */
export type Content = 'flat' | 'photo'

/** Pixels of 8 bits a channel, rows from the top; of two or four channels the last is opacity. */
export interface RawPixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
}

interface Counts {
  /** Neighbours that were compared. */
  readonly pairs: number
  readonly equal: number
  /** Neighbours that differ, but by no more than `SOFT_LEVELS`. */
  readonly soft: number
  /** Different colours, counted no further than `FEW_COLOURS`. */
  readonly colours: number
}

/** Pixels that are looked at, at most; each beside its neighbours to the right and below. */
const SAMPLES = 2048
/** Spreads the samples evenly over the picture, and out of step with whatever repeats in it. */
const GOLDEN_RATIO = 0.618_033_988_749_895
/** The least share of neighbours that are equal in flat graphics. Photographs have less, cut-outs on white more. */
const LEAST_EQUAL = 0.65
/** Up to this difference, in levels of 255, neighbours that are not equal are tone or noise; beyond it, an edge. */
const SOFT_LEVELS = 12
/** With fewer colours than this, soft differences are no tone: flags and icons whose colours lie close together. */
const FEW_COLOURS = 32
/** Else the largest share of soft differences among all differences in flat graphics, whose differences are edges. */
const MOST_SOFT = 0.4

/**
 * Tells flat graphics by a sample of the pixels as they will be encoded: most neighbours are equal, and those that are
 * not differ sharply, or the colours are few. Equal pixels, equal answer; it costs a fraction of a millisecond at any size.
 */
export function classify(pixels: RawPixels): Content {
  const { pairs, equal, soft, colours } = countSample(pixels)
  if (equal < pairs * LEAST_EQUAL) return 'photo'
  return colours < FEW_COLOURS || soft <= (pairs - equal) * MOST_SOFT ? 'flat' : 'photo'
}

function countSample(pixels: RawPixels): Counts {
  const { data, width, height, channels } = pixels
  const count = width * height
  const samples = Math.min(SAMPLES, count)
  const colours = new Set<number>()
  const counts = { pairs: 0, equal: 0, soft: 0 }
  for (let sample = 0; sample < samples; sample += 1) {
    const pixel = Math.floor(((sample * GOLDEN_RATIO) % 1) * count)
    if (colours.size < FEW_COLOURS) colours.add(colourAt(data, pixel * channels, channels))
    if ((pixel + 1) % width !== 0) countPair(counts, differenceOf(pixels, pixel, pixel + 1))
    if (pixel + width < count) countPair(counts, differenceOf(pixels, pixel, pixel + width))
  }
  return { ...counts, colours: colours.size }
}

function countPair(counts: { pairs: number; equal: number; soft: number }, difference: number): void {
  counts.pairs += 1
  if (difference === 0) counts.equal += 1
  else if (difference <= SOFT_LEVELS) counts.soft += 1
}

/** All channels of a pixel as one number; at most four bytes, so exact. */
function colourAt(data: Uint8Array, at: number, channels: number): number {
  let colour = 0
  for (let channel = 0; channel < channels; channel += 1) colour = colour * 256 + (data[at + channel] ?? 0)
  return colour
}

/** The largest difference in one channel; none where both are transparent, whatever colour hides there. */
function differenceOf(pixels: RawPixels, one: number, other: number): number {
  const { data, channels } = pixels
  const [first, second] = [one * channels, other * channels]
  const last = channels - 1
  if (channels % 2 === 0 && data[first + last] === 0 && data[second + last] === 0) return 0
  let largest = 0
  for (let channel = 0; channel < channels; channel += 1) {
    const difference = Math.abs((data[first + channel] ?? 0) - (data[second + channel] ?? 0))
    if (difference > largest) largest = difference
  }
  return largest
}

/** Steps of a channel that count as one colour: 16 cells a channel, 4,096 in all. */
const CELL_BITS = 4

interface Cell {
  readonly sum: [red: number, green: number, blue: number]
  weight: number
}

/**
 * The colour that covers most of a picture, `#rrggbb`: the mean of the fullest cell of its colours, where a pixel counts
 * as much as it is opaque. `rgba` has four bytes a pixel, opacity last; a picture wholly transparent is `#000000`.
 */
export function dominantColour(rgba: Uint8Array): string {
  const cells = new Map<number, Cell>()
  for (let at = 0; at + 3 < rgba.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(at, at + 4)
    const key = cellOf(red, green, blue)
    const cell = cells.get(key) ?? { sum: [0, 0, 0], weight: 0 }
    cell.sum[0] += red * alpha
    cell.sum[1] += green * alpha
    cell.sum[2] += blue * alpha
    cell.weight += alpha
    cells.set(key, cell)
  }
  let fullest: Cell = { sum: [0, 0, 0], weight: 0 }
  for (const cell of cells.values()) if (cell.weight > fullest.weight) fullest = cell
  const { sum, weight } = fullest
  return `#${sum.map((value) => hex(weight === 0 ? 0 : value / weight)).join('')}`
}

function cellOf(red: number, green: number, blue: number): number {
  const shift = 8 - CELL_BITS
  return ((((red >> shift) << CELL_BITS) | (green >> shift)) << CELL_BITS) | (blue >> shift)
}

function hex(value: number): string {
  return Math.round(value).toString(16).padStart(2, '0')
}
