import { BICYCLE_SCENES } from './bicycle.ts'
import type { Shot } from './draw.ts'

/** Every sample picture by name. */
export const SCENES: Readonly<Record<string, Shot>> = { ...BICYCLE_SCENES }
