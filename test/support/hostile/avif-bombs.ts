import sharp from 'sharp'
import { latin1, repeat, u16, u32 } from './bits.ts'
import type { Maker } from './hostile-file.ts'

const good = async (side = 64): Promise<Buffer> =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#305070' } })
    .avif({ effort: 0 })
    .toBuffer()

const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([u32(body.length + 8), latin1(type), body])
}
const fullBox = (type: string, version: number, ...parts: readonly Uint8Array[]) =>
  box(type, Buffer.from([version, 0, 0, 0]), ...parts)

/** A good AVIF whose boxes of one type were overwritten from their content on. */
async function claiming(type: string, at: number, bytes: Uint8Array): Promise<Buffer> {
  const file = Buffer.from(await good())
  const found = file.indexOf(type)
  if (found < 0) throw new Error(`There is no ${type} in an AVIF`)
  file.set(bytes, found + 4 + at)
  return file
}

const FTYP = box('ftyp', latin1('avif\0\0\0\0avifmif1miaf'))

/** One item of another kind than pixels: a grid or an overlay of itself or of one that is not there. */
function derived(
  kind: 'grid' | 'iden' | 'iovl',
  {
    sides,
    rows = 1,
    columns = 1,
    refers,
  }: { sides: number; rows?: number; columns?: number; refers: readonly number[] },
): Buffer {
  const data =
    kind === 'grid'
      ? Buffer.concat([Buffer.from([0, 1, rows - 1, columns - 1]), u32(sides), u32(sides)])
      : Buffer.alloc(16)
  const item = fullBox('infe', 2, u16(1), u16(0), latin1(`${kind}\0`))
  const other = fullBox('infe', 2, u16(2), u16(0), latin1('av01\0'))
  const properties = box(
    'iprp',
    box('ipco', fullBox('ispe', 0, u32(sides), u32(sides))),
    fullBox('ipma', 0, u32(1), u16(1), Buffer.from([1, 0x81])),
  )
  const references = fullBox('iref', 0, box('dimg', u16(1), u16(refers.length), ...refers.map(u16)))
  const meta = (at: number) =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), latin1('pict'), Buffer.alloc(13)),
      fullBox('pitm', 0, u16(1)),
      fullBox('iloc', 0, Buffer.from([0x44, 0]), u16(1), u16(1), u16(0), u16(1), u32(at), u32(data.length)),
      fullBox('iinf', 0, u16(2), item, other),
      properties,
      references,
    )
  const before = FTYP.length + meta(0).length
  return Buffer.concat([FTYP, meta(before + 8), box('mdat', data)])
}

/** Boxes in boxes, so deep. */
function nested(type: string, depth: number): Buffer {
  const sizes = Array.from({ length: depth }, (_, level) =>
    Buffer.concat([u32((depth - level) * 8), latin1(type)]),
  )
  return Buffer.concat(sizes)
}

/** AVIFs that are more than they seem. */
export const avifBombs: readonly Maker[] = [
  ['sides of 2³² − 1', async () => claiming('ispe', 4, Buffer.alloc(8, 255))],
  ['sides of 65,535', async () => claiming('ispe', 4, Buffer.concat([u32(65_535), u32(65_535)]))],
  [
    'a hundred megapixels that are not there',
    async () => claiming('ispe', 4, Buffer.concat([u32(10_000), u32(10_000)])),
  ],
  ['one pixel that is many', async () => claiming('ispe', 4, Buffer.concat([u32(1), u32(1)]))],
  ['no sides', async () => claiming('ispe', 4, Buffer.alloc(8))],
  ['a place outside of the file', async () => claiming('iloc', 8, Buffer.alloc(8, 255))],
  ['65,535 items', async () => claiming('iinf', 4, u16(65_535))],
  ['a grid of itself', () => derived('grid', { sides: 1_000, refers: [1] })],
  [
    'a grid of 65,536 of itself',
    () =>
      derived('grid', {
        sides: 10_000,
        rows: 256,
        columns: 256,
        refers: Array.from({ length: 65_535 }, () => 1),
      }),
  ],
  [
    'a grid of a hundred megapixels of nothing',
    () =>
      derived('grid', {
        sides: 10_000,
        rows: 256,
        columns: 256,
        refers: Array.from({ length: 65_535 }, () => 2),
      }),
  ],
  ['a grid of sides of 2³² − 1', () => derived('grid', { sides: 0xffffffff, refers: [2] })],
  ['itself, turned', () => derived('iden', { sides: 64, refers: [1] })],
  ['an overlay of itself', () => derived('iovl', { sides: 64, refers: [1, 1, 1] })],
  ['a million boxes', async () => Buffer.concat([FTYP, repeat(box('free'), 1_000_000), await good()])],
  ['boxes a hundred thousand deep', () => Buffer.concat([FTYP, nested('meta', 100_000)])],
  [
    'boxes ten thousand deep in its properties',
    () => Buffer.concat([FTYP, fullBox('meta', 0, box('iprp', nested('ipco', 10_000)))]),
  ],
  [
    'a hundred thousand properties',
    () =>
      Buffer.concat([
        FTYP,
        fullBox('meta', 0, box('iprp', box('ipco', repeat(fullBox('ispe', 0, u32(1), u32(1)), 100_000)))),
      ]),
  ],
  [
    'forty megabytes of brands',
    () => Buffer.concat([u32(40_000_000), latin1('ftypavif\0\0\0\0'), Buffer.alloc(40_000_000, 'avif')]),
  ],
  ['nothing but its head', () => FTYP],
  [
    'a film',
    () =>
      Buffer.concat([
        box('ftyp', latin1('avis\0\0\0\0avisavif')),
        box('moov', box('trak', nested('mdia', 1_000))),
      ]),
  ],
  [
    'a HEIC by another name',
    () =>
      Buffer.concat([
        box('ftyp', latin1('avif\0\0\0\0heicmif1')),
        derived('grid', { sides: 64, refers: [2] }).subarray(FTYP.length),
      ]),
  ],
]
