import sharp from 'sharp'

/** Which picture this is: of which item, in which of its slots, and the how-manieth that was put there. */
export interface Mark {
  readonly item: number
  readonly slot: number
  readonly version: number
}

/** The fields of a mark in the order in which they are painted, and how many bits each has. */
const FIELDS = [
  ['item', 14],
  ['slot', 6],
  ['version', 12],
] as const satisfies readonly (readonly [keyof Mark, number])[]

const COLUMNS = 8
const ROWS = 5
const CHECK_BITS = 8
/** Far apart in brightness, which every encoder keeps best, and both with a colour. */
const DARK = [24, 16, 96]
const BRIGHT = [248, 224, 64]
/** The mean of a dark and of a bright block may be so far from its colour; what is further is no mark. */
const TOLERANCE = 56
/** What lies at the edges of a block is mixed with its neighbours where a picture was made smaller. */
const MARGIN = 0.25

/** A JPEG that shows a mark as 8 × 5 blocks of two colours: legible from 64 pixels of width on. */
export async function markedPicture(mark: Mark, width = 640, height = 480): Promise<Buffer> {
  const bits = bitsOf(mark)
  const data = Buffer.alloc(width * height * 3)
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = Math.floor((y * ROWS) / height)
    for (let x = 0; x < width; x += 1, at += 3) {
      const bit = bits[row * COLUMNS + Math.floor((x * COLUMNS) / width)]
      data.set(bit === 1 ? BRIGHT : DARK, at)
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer()
}

/** The mark that a whole picture shows, at whatever size; `undefined` where it shows none, or one that is damaged. */
export async function readMark(picture: Uint8Array): Promise<Mark | undefined> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const bits: number[] = []
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const bit = bitIn(meanOf(data, info, { column, row }))
      if (bit === undefined) return undefined
      bits.push(bit)
    }
  }
  return markOf(bits)
}

export const sameMark = (a: Mark, b: Mark): boolean => nameOf(a) === nameOf(b)

/** A mark in words. */
export const nameOf = ({ item, slot, version }: Mark): string =>
  `item ${item}, photo ${slot}, version ${version}`

function bitsOf(mark: Mark): number[] {
  const bits = FIELDS.flatMap(([field, count]) => {
    const value = mark[field]
    if (value < 0 || value >= 2 ** count) throw new RangeError(`${field} ${value} has no place in a mark`)
    return toBits(value, count)
  })
  return [...bits, ...toBits(checksum(bits), CHECK_BITS)]
}

function markOf(bits: readonly number[]): Mark | undefined {
  const fields = bits.slice(0, -CHECK_BITS)
  if (toNumber(bits.slice(-CHECK_BITS)) !== checksum(fields)) return undefined
  let at = 0
  const values = FIELDS.map(([, count]) => toNumber(fields.slice(at, (at += count))))
  const [item = 0, slot = 0, version = 0] = values
  return { item, slot, version }
}

/** CRC-8 (polynomial 0x07, begun with ones: a picture of one colour is no mark). */
function checksum(bits: readonly number[]): number {
  let crc = 0xff
  for (const bit of bits) {
    const isOdd = ((crc >> 7) & 1) !== bit
    crc = ((crc << 1) & 0xff) ^ (isOdd ? 0x07 : 0)
  }
  return crc
}

const toBits = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1)

const toNumber = (bits: readonly number[]): number => bits.reduce((value, bit) => value * 2 + bit, 0)

interface Frame {
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** The mean colour of the middle of a block. */
function meanOf(data: Uint8Array, frame: Frame, { column, row }: { column: number; row: number }): number[] {
  const { width, height, channels } = frame
  const from = { x: edge(column + MARGIN, COLUMNS, width), y: edge(row + MARGIN, ROWS, height) }
  const to = { x: edge(column + 1 - MARGIN, COLUMNS, width), y: edge(row + 1 - MARGIN, ROWS, height) }
  const sums = [0, 0, 0]
  for (let y = from.y; y <= to.y; y += 1) {
    for (let x = from.x; x <= to.x; x += 1) {
      const at = (y * width + x) * channels
      for (const channel of [0, 1, 2]) sums[channel] = (sums[channel] ?? 0) + (data[at + channel] ?? 0)
    }
  }
  const count = (to.x - from.x + 1) * (to.y - from.y + 1)
  return sums.map((sum) => sum / count)
}

const edge = (at: number, of: number, pixels: number): number =>
  Math.min(pixels - 1, Math.floor((at * pixels) / of))

function bitIn(colour: readonly number[]): 0 | 1 | undefined {
  const isLike = (other: readonly number[]) =>
    colour.every((part, channel) => Math.abs(part - (other[channel] ?? 0)) <= TOLERANCE)
  if (isLike(BRIGHT)) return 1
  return isLike(DARK) ? 0 : undefined
}
