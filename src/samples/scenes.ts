import { BICYCLE_SCENES } from './bicycle.ts'
import { BOOKS_SCENES } from './books.ts'
import { CAMERA_SCENES } from './camera.ts'
import { CHAIR_SCENES } from './chair.ts'
import { LAKE_SCENES } from './lake.ts'
import { LAMP_SCENES } from './lamp.ts'
import { PORTRAIT_SCENES } from './portraits.ts'
import { VASE_SCENES } from './vase.ts'
import type { Shot } from './draw.ts'

/** Every sample picture by name. */
export const SCENES: Readonly<Record<string, Shot>> = {
  ...BICYCLE_SCENES,
  ...BOOKS_SCENES,
  ...CAMERA_SCENES,
  ...CHAIR_SCENES,
  ...LAKE_SCENES,
  ...LAMP_SCENES,
  ...PORTRAIT_SCENES,
  ...VASE_SCENES,
}
