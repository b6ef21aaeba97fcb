import type { RawPicture } from '../pictures.ts'

const COLUMNS = 9
const ROWS = 8

/** The difference hash of a picture: 64 bits that say where it grows brighter to the right. Transparency counts as white. */
export function differenceHash(picture: RawPicture): readonly boolean[] {
  return Array.from({ length: (COLUMNS - 1) * ROWS }, (_, bit) => {
    const [column, row] = [bit % (COLUMNS - 1), Math.floor(bit / (COLUMNS - 1))]
    return meanOf(picture, column, row) < meanOf(picture, column + 1, row)
  })
}

/** How many bits of two hashes differ: 0 for the same picture, about 32 for two that have nothing in common. */
export function hashDistance(one: RawPicture, other: RawPicture): number {
  const hash = differenceHash(other)
  return differenceHash(one).filter((bit, index) => bit !== hash[index]).length
}

/** The mean brightness (ITU-R BT.601) of a cell. */
function meanOf(picture: RawPicture, column: number, row: number): number {
  const [left, right] = [column, column + 1].map((at) => Math.round((at * picture.width) / COLUMNS))
  const [top, bottom] = [row, row + 1].map((at) => Math.round((at * picture.height) / ROWS))
  let [sum, count] = [0, 0]
  for (let y = top ?? 0; y < (bottom ?? 0); y += 1) {
    for (let x = left ?? 0; x < (right ?? 0); x += 1, count += 1) sum += brightness(picture, x, y)
  }
  return sum / count
}

function brightness({ data, width, channels }: RawPicture, x: number, y: number): number {
  const at = (y * width + x) * channels
  const sample = (channel: number) => data[at + channel] ?? 0
  const grey = channels < 3 ? sample(0) : 0.299 * sample(0) + 0.587 * sample(1) + 0.114 * sample(2)
  const alpha = channels === 2 || channels === 4 ? sample(channels - 1) / 255 : 1
  return grey * alpha + 255 * (1 - alpha)
}
