import type { Colour, Edits } from '../transform/edits.ts'
import type { EditedSize } from '../transform/spec.ts'
import { flatten, pad, surround } from './canvas.ts'
import { compose, type Layer } from './compose.ts'
import { blur, sharpen } from './focus.ts'
import type { Frame } from './frame.ts'
import type { Sides } from './geometry.ts'
import { tone } from './tone.ts'

/** What a picture that has its size already is retouched by. */
export interface Retouching {
  readonly edits: Edits
  /** Sides with padding; `undefined` where there is none. */
  readonly canvas?: Sides | undefined
  /** The colour for what is transparent or padded where the edits name none. */
  readonly background: Colour
  /** What is drawn over it, from the bottom to the top. */
  readonly layers: readonly Layer[]
  /** Whether the picture may stay transparent. */
  readonly keepsAlpha: boolean
}

/** One thing that is done to the pixels of a frame. One that has nothing to do returns its input. */
type Retouch = (frame: Frame, retouching: Retouching) => Frame | Promise<Frame>

const underlay: Retouch = (frame, { edits, background, keepsAlpha }) => {
  if (edits.background !== undefined) return flatten(frame, edits.background)
  return keepsAlpha ? frame : flatten(frame, background)
}

const padding: Retouch = (frame, { edits, canvas, background }) => {
  return canvas ? pad(frame, canvas, edits.background ?? background) : frame
}

/** What a colour of the edits has left transparent, in formats that cannot be. */
const opaque: Retouch = (frame, { background, keepsAlpha }) => {
  return keepsAlpha ? frame : flatten(frame, background)
}

/** All that is done after the size, in order. */
const RETOUCHES: readonly Retouch[] = [
  underlay,
  padding,
  (frame, { edits }) => tone(frame, edits),
  (frame, { edits }) => (edits.sharpen === undefined ? frame : sharpen(frame, edits.sharpen)),
  (frame, { edits }) => (edits.blur === undefined ? frame : blur(frame, edits.blur)),
  (frame, { edits }) => (edits.border === undefined ? frame : surround(frame, edits.border)),
  (frame, { layers }) => (layers.length === 0 ? frame : compose(frame, layers)),
  opaque,
]

/** Edits that are done to a picture that has its size already. */
const AFTER_SIZE = [
  'background',
  'brightness',
  'contrast',
  'gamma',
  'saturation',
  'sharpen',
  'blur',
  'border',
  'draw',
] as const satisfies readonly (keyof Edits)[]

/** Whether anything is done to the pixels of a picture after its size. */
export function isRetouched({ fit, edits }: EditedSize): boolean {
  return fit === 'pad' || AFTER_SIZE.some((name) => edits?.[name] !== undefined)
}

/** Does to a frame what the edits say, from its background to its overlays. */
export async function retouch(frame: Frame, retouching: Retouching): Promise<Frame> {
  let made = frame
  for (const step of RETOUCHES) made = await step(made, retouching)
  return made
}
