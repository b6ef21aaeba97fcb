import { z } from 'zod'
import { CROP_STRATEGIES, DEFAULT_RENDERING } from '../transform/rendering-settings.ts'
import { flag } from './types.ts'

/** What the operator decides about all pictures. */
export const renderingSettings = {
  HALFTONE_CROP: z
    .enum(CROP_STRATEGIES, { error: CROP_STRATEGIES.join(', ') })
    .default(DEFAULT_RENDERING.crop),
  HALFTONE_BACKGROUND: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'a colour such as #ffffff')
    .toLowerCase()
    .default(DEFAULT_RENDERING.background),
  HALFTONE_KEEP_P3: flag.default(DEFAULT_RENDERING.keepsP3),
  HALFTONE_LINEAR_RESIZE: flag.default(DEFAULT_RENDERING.linearLight),
  HALFTONE_KEEP_GAIN_MAP: flag.default(DEFAULT_RENDERING.keepsGainMap),
  HALFTONE_KEEP_COPYRIGHT: flag.default(DEFAULT_RENDERING.keepsCopyright),
  HALFTONE_INFO_EXIF: flag.default(DEFAULT_RENDERING.tellsShot),
}
