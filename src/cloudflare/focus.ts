import type { Edits } from '../transform/edits.ts'
import type { AskedOptions } from './parse-options.ts'

/** The smallest box around all faces, as fractions of the turned picture's sides from its left and upper edge. */
export interface FaceBox {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Looks for faces. None ships: it takes a model, which an operator would bring. */
export interface FaceDetector {
  /** `undefined` where there is no face. */
  find(picture: Uint8Array, signal?: AbortSignal): Promise<FaceBox | undefined>
}

/**
 * What was asked for, with the face in the middle of what is kept; `zoom` cuts off the more around it, up to the box.
 * Without a face it is the centre; where none was to be looked for, the picture is not even read.
 */
export async function settleFace(
  { face, ...asked }: AskedOptions,
  detector: FaceDetector,
  read: () => Promise<Uint8Array>,
  signal?: AbortSignal,
): Promise<AskedOptions> {
  if (face === undefined) return asked
  const box = await detector.find(await read(), signal)
  return box === undefined ? asked : { ...asked, edits: around(box, face.zoom, asked.edits) }
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
