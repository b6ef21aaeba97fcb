import { avifBombs } from './avif-bombs.ts'
import { gifBombs } from './gif-bombs.ts'
import type { ByFormat, Maker } from './hostile-file.ts'
import { jpegBombs } from './jpeg-bombs.ts'
import { pngBombs } from './png-bombs.ts'
import { svgBombs } from './svg-bombs.ts'
import { tiffBombs } from './tiff-bombs.ts'
import { webpBombs } from './webp-bombs.ts'

/** Files of each format that are more than they seem. */
export const bombs: ByFormat<readonly Maker[]> = {
  jpeg: jpegBombs,
  png: pngBombs,
  webp: webpBombs,
  gif: gifBombs,
  avif: avifBombs,
  tiff: tiffBombs,
  svg: svgBombs,
}
