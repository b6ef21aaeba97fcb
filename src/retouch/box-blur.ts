import type { Frame } from './frame.ts'

/** Three boxes one after the other are as good as a bell curve. */
const PASSES = 3

/** Samples of one channel, rows from the top; a row is so many samples long. */
interface Grid {
  readonly row: number
  readonly rows: number
}

/** Blurs samples in place. */
type Blur = (samples: Float32Array) => void

/**
 * Blurs by a standard deviation of at least two pixels in a time that does not depend on it; what lies beyond an edge is
 * as the edge. Colours count as much as they are opaque. One channel after the other: samples take four times the bytes.
 */
export function boxBlur(frame: Frame, deviation: number): Frame {
  const { width, height, channels } = frame
  const blur = createBlur({ row: width, rows: height }, deviation)
  const data = new Uint8ClampedArray(frame.data.length)
  const samples = new Float32Array(width * height)
  const colours = channels % 2 === 0 ? channels - 1 : channels
  const opacity = colours === channels ? undefined : blurredOpacity(frame, blur)
  for (let colour = 0; colour < colours; colour += 1) {
    take(samples, frame, colour)
    blur(samples)
    put(samples, opacity, { data, channels, colour })
  }
  // Rounds, and cuts to 0…255.
  opacity?.forEach((value, pixel) => void (data[pixel * channels + colours] = value))
  return { ...frame, data: new Uint8Array(data.buffer) }
}

function createBlur(grid: Grid, deviation: number): Blur {
  const spare = new Float32Array(grid.row * grid.rows)
  const reaches = reachesFor(deviation)
  return (samples) => {
    for (const reach of reaches) {
      averageAcross(samples, spare, grid, reach)
      averageDown(spare, samples, grid, reach)
    }
  }
}

/** How far each box reaches to either side, so that the variances of all add up to that of the bell curve. */
function reachesFor(deviation: number): readonly number[] {
  const variance = 12 * deviation ** 2
  const least = Math.floor((Math.sqrt(variance / PASSES + 1) - 1) / 2)
  const size = 2 * least + 1
  const small = Math.round((PASSES * (size ** 2 + 4 * size + 3) - variance) / (4 * size + 4))
  return Array.from({ length: PASSES }, (_, pass) => (pass < small ? least : least + 1))
}

/** Each sample becomes the mean of those that are as near in its row: a sum that one enters as another leaves. */
function averageAcross(from: Float32Array, to: Float32Array, { row, rows }: Grid, reach: number): void {
  const share = 1 / (2 * reach + 1)
  for (let line = 0; line < rows; line += 1) {
    const first = line * row
    const last = first + row - 1
    let sum = 0
    for (let at = first - reach; at <= first + reach; at += 1) {
      sum += from[Math.min(Math.max(at, first), last)] ?? 0
    }
    for (let at = first; at <= last; at += 1) {
      to[at] = sum * share
      sum += (from[Math.min(at + reach + 1, last)] ?? 0) - (from[Math.max(at - reach, first)] ?? 0)
    }
  }
}

/** The same in columns, all at once: memory is read in its order. */
function averageDown(from: Float32Array, to: Float32Array, { row, rows }: Grid, reach: number): void {
  const share = 1 / (2 * reach + 1)
  const startOf = (line: number) => Math.min(Math.max(line, 0), rows - 1) * row
  const sums = new Float64Array(row)
  for (let line = -reach; line <= reach; line += 1) {
    const start = startOf(line)
    for (let at = 0; at < row; at += 1) sums[at] = (sums[at] ?? 0) + (from[start + at] ?? 0)
  }
  for (let line = 0; line < rows; line += 1) {
    const [start, entering, leaving] = [line * row, startOf(line + reach + 1), startOf(line - reach)]
    for (let at = 0; at < row; at += 1) {
      const sum = sums[at] ?? 0
      to[start + at] = sum * share
      sums[at] = sum + (from[entering + at] ?? 0) - (from[leaving + at] ?? 0)
    }
  }
}

function blurredOpacity({ data, width, height, channels }: Frame, blur: Blur): Float32Array {
  const opacity = Float32Array.from(
    { length: width * height },
    (_, pixel) => data[(pixel + 1) * channels - 1] ?? 0,
  )
  blur(opacity)
  return opacity
}

/** One colour of all pixels, as much of it as is opaque. */
function take(samples: Float32Array, { data, channels }: Frame, colour: number): void {
  const hasOpacity = channels % 2 === 0
  for (let pixel = 0, at = 0; pixel < samples.length; pixel += 1, at += channels) {
    const share = hasOpacity ? (data[at + channels - 1] ?? 0) / 255 : 1
    samples[pixel] = (data[at + colour] ?? 0) * share
  }
}

interface Place {
  readonly data: Uint8ClampedArray
  readonly channels: number
  readonly colour: number
}

/** The same the other way. */
function put(
  samples: Float32Array,
  opacity: Float32Array | undefined,
  { data, channels, colour }: Place,
): void {
  for (let pixel = 0, at = colour; pixel < samples.length; pixel += 1, at += channels) {
    const share = opacity === undefined ? 255 : (opacity[pixel] ?? 0)
    data[at] = share > 0 ? (samples[pixel] ?? 0) * (255 / share) : 0
  }
}
