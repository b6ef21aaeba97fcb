import sharp from 'sharp'
import { expect, test } from 'vitest'
import { type Mark, markedPicture, readMark } from '../support/soak/mark.ts'

const MARKS: readonly Mark[] = [
  { item: 0, slot: 0, version: 0 },
  { item: 16_383, slot: 63, version: 4_095 },
  { item: 10_922, slot: 21, version: 1_365 },
]

test.each(['jpeg', 'webp', 'avif', 'png', 'gif'] as const)(
  'a mark survives being made small as %s',
  async (format) => {
    for (const mark of MARKS) {
      const picture = await markedPicture(mark)
      for (const width of [96, 160, 320, 640]) {
        const small = await sharp(picture)
          .resize(width)
          .toFormat(format, format === 'gif' ? {} : { quality: 50 })
          .toBuffer()
        expect(await readMark(small), `${width}`).toEqual(mark)
      }
    }
  },
)

test('pictures whose marks differ in one bit are told apart', async () => {
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((bit) => 2 ** bit)
  const read = await Promise.all(
    numbers.map(async (version) => readMark(await markedPicture({ item: 7, slot: 1, version }, 96, 72))),
  )
  expect(read.map((mark) => mark?.version)).toEqual(numbers)
})

test('no mark is read from what shows none, or only a part of one', async () => {
  const picture = await markedPicture({ item: 5, slot: 1, version: 9 })
  const grey = sharp({ create: { width: 320, height: 240, channels: 3, background: '#808080' } })
  const plain = sharp({
    create: { width: 320, height: 240, channels: 3, background: { r: 24, g: 16, b: 96 } },
  })
  const part = sharp(picture).extract({ left: 0, top: 0, width: 320, height: 240 })
  const turned = sharp(picture).rotate(180)
  // As a decoder leaves it that goes on where the bytes have ended.
  const cut = sharp(picture.subarray(0, picture.length / 2), { failOn: 'none' })
  for (const [name, other] of Object.entries({ grey, plain, part, turned, cut }))
    expect(await readMark(await other.png().toBuffer()), name).toBeUndefined()
})
