import type { Edits } from '../transform/edits.ts'
import type { FaceBox } from './face-detector.ts'
import type { AskedOptions } from './parse-options.ts'

/** What a detector found, if it can be true; throws a `TypeError` on a box that is none. */
export function checkFace(box: FaceBox | undefined): FaceBox | undefined {
  if (box === undefined) return undefined
  const { left, top, right, bottom } = box
  const isInside = [left, top, right, bottom].every((side) => side >= 0 && side <= 1)
  if (isInside && left <= right && top <= bottom) return { left, top, right, bottom }
  throw new TypeError(`A face must be a box of fractions from 0 to 1, not ${JSON.stringify(box)}`)
}

/**
 * What was asked for, with the face in the middle of what is kept; `zoom` cuts off the more around it, up to the box.
 * Without a face it is the centre.
 */
export function settleFace({ face, ...asked }: AskedOptions, box: FaceBox | undefined): AskedOptions {
  if (face === undefined || box === undefined) return asked
  return { ...asked, edits: around(box, face.zoom, asked.edits) }
}

function around(box: FaceBox, zoom: number, edits: Edits | undefined): Edits {
  const across = zoomed(box.left, box.right, zoom)
  const down = zoomed(box.top, box.bottom, zoom)
  const isWhole =
    across.start === 0 && across.length === undefined && down.start === 0 && down.length === undefined
  return {
    ...edits,
    ...(!isWhole && {
      trim: {
        by: 'box',
        box: {
          left: across.start,
          top: down.start,
          ...(across.length !== undefined && { width: across.length }),
          ...(down.length !== undefined && { height: down.length }),
        },
      },
    }),
    gravity: { by: 'centre', x: across.middle, y: down.middle },
  }
}

/** Of one axis the part that is kept, and where the middle of the face is in it. */
interface Zoomed {
  readonly start: number
  /** Left out where it reaches to the end. */
  readonly length?: number
  readonly middle: number
}

function zoomed(low: number, high: number, zoom: number): Zoomed {
  const start = rounded(low * zoom)
  const end = rounded(1 - (1 - high) * zoom)
  const length = rounded(Math.max(end - start, SMALLEST))
  const middle = rounded(Math.min(Math.max(((low + high) / 2 - start) / length, 0), 1))
  return end >= 1 ? { start, middle } : { start, length, middle }
}

/** A fraction must not become nothing, which would mean no pixel at all. */
const SMALLEST = 0.001

const rounded = (fraction: number): number => Math.round(fraction * 1000) / 1000
