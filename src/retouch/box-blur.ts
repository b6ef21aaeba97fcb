import type { Frame } from './frame.ts'

/** Three boxes one after the other are as good as a bell curve. */
const PASSES = 3

/** Samples of a frame, rows from the top; a row is so many samples long. */
interface Grid {
  readonly row: number
  readonly rows: number
  /** From a sample to the same channel of the pixel at its right. */
  readonly step: number
}

/**
 * Blurs by a standard deviation of at least two pixels in a time that does not depend on it; what lies beyond an edge is
 * as the edge. Colours count as much as they are opaque.
 */
export function boxBlur(frame: Frame, deviation: number): Frame {
  const { width, height, channels } = frame
  const grid = { row: width * channels, rows: height, step: channels }
  const samples = weighted(frame)
  const spare = new Float32Array(samples.length)
  for (const reach of reachesFor(deviation)) {
    averageAcross(samples, spare, grid, reach)
    averageDown(spare, samples, grid, reach)
  }
  return { ...frame, data: unweighted(samples, channels) }
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
function averageAcross(from: Float32Array, to: Float32Array, { row, rows, step }: Grid, reach: number): void {
  const share = 1 / (2 * reach + 1)
  const ahead = (reach + 1) * step
  const behind = reach * step
  for (let lane = 0; lane < rows * step; lane += 1) {
    const first = Math.floor(lane / step) * row + (lane % step)
    const last = first + row - step
    let sum = 0
    for (let at = first - behind; at < first + ahead; at += step) {
      sum += from[Math.min(Math.max(at, first), last)] ?? 0
    }
    for (let at = first; at <= last; at += step) {
      to[at] = sum * share
      sum += (from[Math.min(at + ahead, last)] ?? 0) - (from[Math.max(at - behind, first)] ?? 0)
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

function weighted({ data, channels }: Frame): Float32Array<ArrayBuffer> {
  const samples = Float32Array.from(data)
  if (channels % 2 === 1) return samples
  for (let at = 0; at < samples.length; at += channels) {
    const opacity = (data[at + channels - 1] ?? 0) / 255
    for (let colour = at; colour < at + channels - 1; colour += 1) {
      samples[colour] = (samples[colour] ?? 0) * opacity
    }
  }
  return samples
}

function unweighted(samples: Float32Array, channels: number): Uint8Array {
  // Rounds, and cuts to 0…255.
  const data = new Uint8ClampedArray(samples.length)
  const hasOpacity = channels % 2 === 0
  for (let at = 0; at < samples.length; at += channels) {
    const opacity = hasOpacity ? (samples[at + channels - 1] ?? 0) : 255
    const share = opacity > 0 ? 255 / opacity : 0
    for (let channel = at; channel < at + channels; channel += 1) {
      const isOpacity = hasOpacity && channel === at + channels - 1
      data[channel] = (samples[channel] ?? 0) * (isOpacity ? 1 : share)
    }
  }
  return new Uint8Array(data.buffer)
}
