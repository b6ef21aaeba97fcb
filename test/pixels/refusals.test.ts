import { expect, it } from 'vitest'
import { inspectPicture } from '../../src/pixels/inspect.ts'
import { bombs } from '../support/hostile/bombs.ts'
import type { Format } from '../support/hostile/hostile-file.ts'
import { createSeeds } from '../support/hostile/seeds.ts'
import { LIMITS } from './limits.ts'

/** Bombs that took a worker's ten seconds or its gigabyte, with what is said of them. */
const REFUSED: readonly (readonly [format: Format, name: string, said: RegExp])[] = [
  ['jpeg', 'a thousand scans of a hundred megapixels', /more than 100 scans/],
  ['jpeg', 'ten thousand scans of four megapixels', /more than 100 scans/],
  ['webp', 'a hundred thousand frames', /more than 10000 frames/],
  ['gif', 'a hundred thousand frames of one pixel', /more than 10000 frames/],
  ['tiff', 'a hundred thousand directories', /more than 1000 pages/],
  ['svg', 'a million shapes', /more than 200000 tags/],
  ['png', 'a line of a hundred megapixels', /100000000×1; a side of at most 100000 pixels/],
  ['png', 'a column of ten megapixels', /1×10000000; a side of at most 100000 pixels/],
  ['png', 'the same, interlaced', /interlaced, 10000×9999; at most 50000000 pixels/],
]

it.each(REFUSED)('%s: %s', async (format, name, message) => {
  const make = bombs[format].find(([called]) => called === name)?.[1]
  const asked = inspectPicture((await make?.()) ?? Buffer.alloc(0), LIMITS)
  await expect(asked).rejects.toMatchObject({
    code: 'source_too_large',
    message: expect.stringMatching(message),
  })
})

it('an animated GIF that breaks off in its second frame, of which half would be seen', async () => {
  const file = (await createSeeds()).gif.find(({ name }) => name === 'animated')?.bytes ?? Buffer.alloc(0)
  const cut = file.subarray(0, Math.floor(file.length / 2))
  await expect(inspectPicture(cut, LIMITS)).rejects.toMatchObject({ code: 'source_broken' })
  await expect(inspectPicture(file, LIMITS)).resolves.toMatchObject({ frames: 4 })
})
