import type { Shot } from './kit/draw.ts'
import { BICYCLE_SCENES } from './subjects/bicycle.ts'
import { BOOKS_SCENES } from './subjects/books.ts'
import { CAMERA_SCENES } from './subjects/camera.ts'
import { CHAIR_SCENES } from './subjects/chair.ts'
import { LAKE_SCENES } from './subjects/lake.ts'
import { LAMP_SCENES } from './subjects/lamp.ts'
import { PLANT_SCENES } from './subjects/plant.ts'
import { PORTRAIT_SCENES } from './subjects/portraits.ts'
import { VASE_SCENES } from './subjects/vase.ts'

/** Every sample picture by name. */
export const SCENES: Readonly<Record<string, Shot>> = {
  ...BICYCLE_SCENES,
  ...BOOKS_SCENES,
  ...CAMERA_SCENES,
  ...CHAIR_SCENES,
  ...LAKE_SCENES,
  ...LAMP_SCENES,
  ...PLANT_SCENES,
  ...PORTRAIT_SCENES,
  ...VASE_SCENES,
}
