import { type Colour, paint, type RawPicture } from '../pictures.ts'
import { seenInSrgb, type ColourSpace } from './colour.ts'

/** The side of a block of the scene, in pixels: that of a JPEG's, so that flat blocks are exact. */
export const BLOCK = 8
const COLUMNS = 20
const ROWS = 15

/** In blocks. */
export const SCENE_SIDES = { columns: COLUMNS, rows: ROWS } as const

/** The colour of a block: waves of light that no turn or mirroring leaves alike. */
export function blockColour(column: number, row: number): Colour {
  const light = 128 + 62 * Math.sin(column / 2.1 + row / 5) + 48 * Math.cos(row / 2.7 - column / 9)
  const warm = 30 * Math.sin(row / 4)
  return [byte(light + warm), byte(light), byte(light - warm)]
}

/** The scene that all oddities show: 160×120 pixels of flat blocks. */
export const scene: RawPicture = sceneOf(blockColour)

/** The same picture with the colours of its blocks changed. */
export function sceneOf(colourAt: (column: number, row: number) => Colour): RawPicture {
  return paint(COLUMNS * BLOCK, ROWS * BLOCK, (x, y) =>
    colourAt(Math.floor(x / BLOCK), Math.floor(y / BLOCK)),
  )
}

/** What the stored numbers of the scene look like when they are meant in another colour space. */
export function sceneSeenFrom(space: ColourSpace): RawPicture {
  return sceneOf((column, row) => {
    const [red, green, blue] = blockColour(column, row)
    const seen = seenInSrgb([red / 255, green / 255, blue / 255], space)
    return [byte(seen[0]), byte(seen[1]), byte(seen[2])]
  })
}

/** The brightness of a block in so many even steps, 0 to `steps - 1`. */
export function greyStep(column: number, row: number, steps: number): number {
  return Math.round((blockColour(column, row)[1] / 255) * (steps - 1))
}

/** The scene in greys of so many steps. */
export const greyScene = (steps: number): RawPicture =>
  sceneOf((column, row) => {
    const grey = byte((greyStep(column, row, steps) * 255) / (steps - 1))
    return [grey, grey, grey]
  })

/** Whether a pixel belongs to the hole that the pictures with transparency have. */
export const isHole = (x: number, y: number): boolean => x >= 104 && y < 48

/** The scene with its hole. */
export function sceneWithHole(): RawPicture {
  const data = new Uint8Array(scene.width * scene.height * 4)
  for (let at = 0; at < scene.width * scene.height; at += 1) {
    const alpha = isHole(at % scene.width, Math.floor(at / scene.width)) ? 0 : 255
    data.set([...scene.data.subarray(at * 3, at * 3 + 3), alpha], at * 4)
  }
  return { ...scene, data, channels: 4 }
}

/** A picture on white, as a page shows it. */
export function onWhite(picture: RawPicture): RawPicture {
  const { data, width, height, channels } = picture
  if (channels !== 4) return picture
  return paint(width, height, (x, y) => {
    const at = (y * width + x) * 4
    const alpha = (data[at + 3] ?? 0) / 255
    const over = (channel: number) => (data[at + channel] ?? 0) * alpha + 255 * (1 - alpha)
    return [over(0), over(1), over(2)]
  })
}

/** The scene from left to right or turned about, for the frames of animations. */
export function shiftedScene(blocks: number): RawPicture {
  return sceneOf((column, row) => blockColour((column + blocks) % COLUMNS, row))
}

/** The scene as an SVG: a rectangle a block. */
export function sceneSvg(opening: string): string {
  const blocks = Array.from({ length: COLUMNS * ROWS }, (_, at) => {
    const [column, row] = [at % COLUMNS, Math.floor(at / COLUMNS)]
    const place = `x="${column * BLOCK}" y="${row * BLOCK}" width="${BLOCK}" height="${BLOCK}"`
    return `<rect ${place} fill="rgb(${blockColour(column, row).join(',')})" shape-rendering="crispEdges"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" ${opening}>${blocks.join('')}</svg>`
}

function byte(value: number): number {
  return Math.round(Math.min(255, Math.max(0, value)))
}
