import type { Picture, Drawing as WorkerDrawing } from '../pixels/messages.ts'
import { DRAWING_TYPE } from '../transform/spec.ts'
import type { Drawing, Rendering } from './renderer.ts'

/** A picture as whoever asked for it gets it, with the wait for its worker. */
export function toRendering(picture: Picture, queueMs: number): Rendering {
  const { bytes, contentType, width, height, decodeMs, encodeMs } = picture
  return { bytes: ownCopy(bytes), contentType, width, height, timings: { queueMs, decodeMs, encodeMs } }
}

/** The same of a drawing. */
export function toDrawing({ bytes, cleanMs }: WorkerDrawing, queueMs: number): Drawing {
  const timings = { queueMs, decodeMs: 0, encodeMs: cleanMs }
  return { bytes: ownCopy(bytes), contentType: DRAWING_TYPE, timings }
}

/** What arrived is a view on a whole read of the channel; kept in memory, it would keep all of that. */
function ownCopy(bytes: Uint8Array): Buffer<ArrayBuffer> {
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return own
}
