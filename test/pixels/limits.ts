import type { PictureLimits } from '../../src/pixels/messages.ts'

/** The limits that the gateway has by default. */
export const LIMITS: PictureLimits = {
  maxSourceBytes: 50_000_000,
  maxPixels: 100_000_000,
  maxFramePixels: 100_000_000,
  maxOutputSide: 16_384,
}
