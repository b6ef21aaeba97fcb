import type { Edits } from '../transform/edits.ts'
import { cutOut, type Frame, openFrame, toFrame } from './frame.ts'
import type { Box, Point, Sides } from './geometry.ts'

type Turn = Pick<Edits, 'flip' | 'rotate'>

/** Whether a picture is trimmed, mirrored or turned before it is brought to its size. */
export function isPrepared(edits: Edits | undefined): boolean {
  return edits?.trim !== undefined || edits?.flip !== undefined || edits?.rotate !== undefined
}

/** The sides of a picture when it has been turned. */
export function turnedSides({ width, height }: Sides, { rotate }: Turn): Sides {
  return rotate === 90 || rotate === 270 ? { width: height, height: width } : { width, height }
}

/** Cuts a part out of a frame, mirrors it, then turns it. */
export async function prepare(frame: Frame, area: Box, turn: Turn): Promise<Frame> {
  const isWhole = area.width === frame.width && area.height === frame.height
  const cut = isWhole ? frame : cutOut(frame, area)
  if (turn.flip === undefined && turn.rotate === undefined) return cut
  const { flip, rotate } = turn
  const opened = openFrame(cut).flop(mirrors(flip, 'h')).flip(mirrors(flip, 'v'))
  return toFrame(rotate === undefined ? opened : opened.rotate(rotate))
}

/** Where a point of a picture is when it has been trimmed, mirrored and turned; at the edge, if it has been cut off. */
export function movedPoint(point: Point, source: Sides, area: Box, { flip, rotate }: Turn): Point {
  const within = {
    x: fraction((point.x * source.width - area.left) / area.width),
    y: fraction((point.y * source.height - area.top) / area.height),
  }
  const x = mirrors(flip, 'h') ? 1 - within.x : within.x
  const y = mirrors(flip, 'v') ? 1 - within.y : within.y
  switch (rotate) {
    case 90:
      return { x: 1 - y, y: x }
    case 180:
      return { x: 1 - x, y: 1 - y }
    case 270:
      return { x: y, y: 1 - x }
    default:
      return { x, y }
  }
}

function mirrors(flip: Turn['flip'], axis: 'h' | 'v'): boolean {
  return flip === axis || flip === 'hv'
}

function fraction(value: number): number {
  return Math.min(Math.max(value, 0), 1)
}
