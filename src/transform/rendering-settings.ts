import { createHash } from 'node:crypto'
import type { OverlayPresets } from './overlay.ts'

/** How a box is filled where the source has no focal point: around what catches the eye, what has most detail, or the middle. */
export const CROP_STRATEGIES = ['attention', 'entropy', 'centre'] as const
export type CropStrategy = (typeof CROP_STRATEGIES)[number]

/** What an operator decides about all pictures. Each of it changes pixels, bytes or facts, and so belongs to the epoch. */
export interface RenderingSettings {
  readonly crop: CropStrategy
  /** What shows through where a picture is transparent and its new format cannot be: `#rrggbb`. */
  readonly background: string
  /** Whether pictures of a gamut wider than sRGB stay in Display P3, with its profile, instead of sRGB. */
  readonly keepsP3: boolean
  /** Whether pixels are averaged in linear light: right for fine bright detail, and slower. */
  readonly linearLight: boolean
  /** Whether a JPEG keeps its HDR gain map when it becomes a JPEG again. */
  readonly keepsGainMap: boolean
  /** Whether the EXIF fields Copyright and Artist go with the picture; no other metadata ever does. */
  readonly keepsCopyright: boolean
  /** Whether facts about a picture say how it was taken: camera, lens, time, exposure; never where. */
  readonly tellsShot: boolean
}

/** What holds unless the operator says otherwise. */
export const DEFAULT_RENDERING: RenderingSettings = {
  crop: 'attention',
  background: '#ffffff',
  keepsP3: false,
  linearLight: false,
  keepsGainMap: true,
  keepsCopyright: false,
  tellsShot: false,
}

/** A point that stays in view when a picture is cropped: fractions of the turned picture's sides, 0 to 1. */
export interface FocalPoint {
  readonly x: number
  readonly y: number
}

/** The epoch of variants: three characters that change with the encoders' own epoch, every setting and every overlay. */
export function variantEpoch(
  encoders: string,
  settings: RenderingSettings,
  overlays: OverlayPresets = new Map(),
): string {
  const drawn = overlays.size === 0 ? [] : [byName([...overlays])]
  const everything = JSON.stringify([encoders, byName(Object.entries(settings)), ...drawn])
  return createHash('sha256').update(everything).digest('base64url').slice(0, 3)
}

function byName<Value>(entries: readonly (readonly [string, Value])[]) {
  return entries.toSorted(([one], [other]) => (one < other ? -1 : 1))
}
