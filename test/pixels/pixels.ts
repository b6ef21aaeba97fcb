import sharp from 'sharp'
import type { Colour, RawPicture } from '../support/pictures.ts'

/** Decodes a file as it is stored: nothing turned, resized or converted. */
export async function decode(file: Uint8Array): Promise<RawPicture> {
  const { data, info } = await sharp(file, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** The colour of one pixel, its opacity left out. */
export function pixelAt({ data, width, channels }: RawPicture, x: number, y: number): Colour {
  const at = (y * width + x) * channels
  return [data[at] ?? -1, data[at + 1] ?? -1, data[at + 2] ?? -1]
}

/** The opacity of one pixel, 0 to 255; 255 for pictures without. */
export function alphaAt({ data, width, channels }: RawPicture, x: number, y: number): number {
  return channels === 4 ? (data[(y * width + x) * 4 + 3] ?? -1) : 255
}

/** The largest difference between two colours in one channel. */
export function distance(one: Colour, other: Colour): number {
  return Math.max(...one.map((value, channel) => Math.abs(value - (other[channel] ?? -1))))
}

/** Shrinks by averaging the area that every pixel covers: the reference that no library of ours has computed. */
export function boxShrink(picture: RawPicture, width: number, height: number): RawPicture {
  const data = new Uint8Array(width * height * 3)
  const scale = { x: picture.width / width, y: picture.height / height }
  for (let at = 0; at < width * height; at += 1) {
    const left = (at % width) * scale.x
    const top = Math.floor(at / width) * scale.y
    data.set(average(picture, { left, top, right: left + scale.x, bottom: top + scale.y }), at * 3)
  }
  return { data, width, height, channels: 3 }
}

/** The mean difference a channel and pixel between two pictures of the same size. */
export function meanDifference(one: RawPicture, other: RawPicture): number {
  let sum = 0
  for (let y = 0; y < one.height; y += 1) {
    for (let x = 0; x < one.width; x += 1) sum += difference(pixelAt(one, x, y), pixelAt(other, x, y))
  }
  return sum / (one.width * one.height)
}

function difference(one: Colour, other: Colour): number {
  return one.reduce((sum, value, channel) => sum + Math.abs(value - (other[channel] ?? -1)), 0) / 3
}

function average(
  picture: RawPicture,
  area: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
): Colour {
  const sum = [0, 0, 0] as [number, number, number]
  let weight = 0
  for (let y = Math.floor(area.top); y < area.bottom; y += 1) {
    for (let x = Math.floor(area.left); x < area.right; x += 1) {
      const covered =
        (Math.min(area.right, x + 1) - Math.max(area.left, x)) *
        (Math.min(area.bottom, y + 1) - Math.max(area.top, y))
      const colour = pixelAt(picture, Math.min(x, picture.width - 1), Math.min(y, picture.height - 1))
      sum[0] += colour[0] * covered
      sum[1] += colour[1] * covered
      sum[2] += colour[2] * covered
      weight += covered
    }
  }
  return [Math.round(sum[0] / weight), Math.round(sum[1] / weight), Math.round(sum[2] / weight)]
}
