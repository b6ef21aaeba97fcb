import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { countGifFrames, countWebpFrames, endsAmidFrame } from '../../src/structure/frames.ts'
import { countScans } from '../../src/structure/jpeg-scans.ts'
import { countTags } from '../../src/structure/svg-tags.ts'
import { countPages } from '../../src/structure/tiff-pages.ts'
import { bombs } from '../support/hostile/bombs.ts'
import type { Format } from '../support/hostile/hostile-file.ts'
import { latin1, repeat } from '../support/hostile/bits.ts'
import { createSeeds } from '../support/hostile/seeds.ts'
import { photo, pipelineOf } from '../support/pictures.ts'

const seeds = await createSeeds()
const MOST = 1_000_000
const good = (format: Format, name: string) =>
  seeds[format].find((file) => file.name === name)?.bytes ?? Buffer.alloc(0)

async function bomb(format: Format, name: string): Promise<Buffer> {
  const made = bombs[format].find(([called]) => called === name)?.[1]()
  if (made === undefined) throw new RangeError(`There is no ${name}`)
  return made
}

describe('the scans of a JPEG', () => {
  it('are one in a baseline picture, and some in a progressive one', async () => {
    expect(countScans(good('jpeg', 'baseline'), MOST)).toBe(1)
    expect(countScans(good('jpeg', 'with metadata'), MOST)).toBe(1)
    const progressive = await pipelineOf(photo(200, 100)).jpeg({ progressive: true }).toBuffer()
    expect(countScans(progressive, MOST)).toBe(10)
  })

  it('are those before its end, and no more than asked', async () => {
    const baseline = good('jpeg', 'baseline')
    expect(countScans(Buffer.concat([baseline, baseline]), MOST)).toBe(1)
    const many = await bomb('jpeg', 'a thousand scans of a hundred megapixels')
    expect(countScans(many, MOST)).toBe(1_001)
    expect(countScans(many, 100)).toBe(100)
  })

  it('of what breaks off anywhere are some', () => {
    const file = good('jpeg', 'progressive')
    for (let length = 0; length < file.length; length += 1) {
      expect(countScans(file.subarray(0, length), MOST)).toBeLessThanOrEqual(10)
    }
  })
})

it('a GIF ends amid a frame unless it is cut between two', () => {
  const file = good('gif', 'animated')
  const cuts = Array.from({ length: file.length + 1 }, (_, at) => file.subarray(0, at))
  const whole = cuts.filter((cut) => countGifFrames(cut, MOST) > 0 && !endsAmidFrame(cut))
  expect(endsAmidFrame(file)).toBe(false)
  // What stands between two frames is at most a few bytes.
  const frames = countGifFrames(file, MOST)
  expect(whole.length).toBeGreaterThanOrEqual(frames)
  expect(whole.length).toBeLessThan(frames * 30)
})

describe.each([
  ['gif', countGifFrames],
  ['webp', countWebpFrames],
] as const)('the frames of a %s', (format, count) => {
  it('are as many as a decoder finds', async () => {
    const file = good(format, 'animated')
    expect(count(file, MOST)).toBe((await sharp(file).metadata()).pages)
    expect(count(file, 3)).toBe(3)
  })

  it('are counted where they are many', async () => {
    const name = format === 'gif' ? 'a hundred thousand frames of one pixel' : 'a hundred thousand frames'
    expect(count(await bomb(format, name), MOST)).toBe(100_000)
  })

  it('of what breaks off anywhere are some', () => {
    const file = good(format, 'animated')
    for (let length = 0; length < file.length; length += 1) {
      expect(count(file.subarray(0, length), MOST)).toBeLessThanOrEqual(4)
    }
  })
})

describe('the pages of a TIFF', () => {
  it('are counted in either byte order, and in BigTIFF', async () => {
    expect(countPages(good('tiff', 'bare'), MOST)).toBe(1)
    expect(countPages(good('tiff', 'of two pages'), MOST)).toBe(2)
    const big = await pipelineOf(photo(8, 8)).tiff({ bigtiff: true }).toBuffer()
    expect([big[2], countPages(big, MOST)]).toEqual([0x2b, 1])
    // One directory without entries, and its next is 16.
    const motorola = latin1('MM\0*\0\0\0\x08\0\0\0\0\0\x10\0\0\0\0\0\0\0\0')
    expect(countPages(motorola, MOST)).toBe(2)
  })

  it('are counted where they are many, or go in a circle', async () => {
    expect(countPages(await bomb('tiff', 'a hundred thousand directories'), MOST)).toBe(100_000)
    expect(countPages(await bomb('tiff', 'a directory that leads to itself'), 500)).toBe(500)
    expect(countPages(repeat(latin1('II*\0'), 2), MOST)).toBe(1)
  })
})

it('the tags of an SVG are counted, and no more than asked', async () => {
  expect(countTags(latin1('<svg><g/><!-- a --></svg>'), MOST)).toBe(4)
  expect(countTags(await bomb('svg', 'a million shapes'), 5 * MOST)).toBe(MOST + 2)
  expect(countTags(await bomb('svg', 'a million shapes'), 100)).toBe(100)
})
