import { flag, whole } from './types.ts'

/** How much the library takes, and when it is swept. */
export const librarySettings = {
  HALFTONE_ITEM_PHOTOS_MAX: whole(24, 1, 1_000),
  HALFTONE_DOCUMENTS_MAX: whole(20, 1, 1_000),
  HALFTONE_SWEEP_INTERVAL_HOURS: whole(24, 0, 8_760),
  HALFTONE_SWEEP_DELETES: flag.default(false),
}
