import { bicycle, plate } from './bicycle.ts'
import type { Look, Shot } from './draw.ts'
import { bokeh, brickWall, contactShade, studio, sunlitWall, tableTop } from './rooms.ts'

const daylight: Look = { vignette: 0.35, grain: 5, warmth: 0.2, contrast: 0.35 }

/** Every sample picture by name. */
export const SCENES: Readonly<Record<string, Shot>> = {
  'bicycle-side': {
    layers: [
      ...brickWall('#9c4f38', 5),
      ...plate('BICYCLE FOR SALE', [1060, 120], 90),
      ...bicycle('#1f6f63', '#8a5128'),
    ],
    width: 3000,
    height: 2000,
    view: { x: 120, y: 0, width: 2840 },
    look: daylight,
  },
  'bicycle-wheel': {
    layers: [...brickWall('#8f5a44', 9), ...bicycle('#1f6f63', '#8a5128')],
    width: 2400,
    height: 3200,
    view: { x: 1060, y: 480, width: 1010, turn: -9 },
    look: { ...daylight, warmth: 0.7, vignette: 0.5 },
    orientation: 6,
  },
  'bicycle-evening': {
    layers: [
      ...bokeh('#2b3a4e', ['#ffb45e', '#ffd9a0', '#7fb2d9', '#e8655a'], 3),
      ...bicycle('#1f6f63', '#8a5128'),
    ],
    width: 3200,
    height: 2133,
    view: { x: 1280, y: 420, width: 1300, turn: 5 },
    look: { ...daylight, warmth: -0.2 },
  },
}
