import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { measurePicture } from '../../src/pixels/describe.ts'
import type { PictureLimits } from '../../src/pixels/messages.ts'
import { type EditedSize, measureOf } from '../../src/transform/spec.ts'
import { encode, encodeTurned, paint, photo, truncated } from '../support/pictures.ts'
import { LIMITS } from './limits.ts'
import { render } from './rendering.ts'

const SOURCE = await encodeTurned(
  paint(120, 80, (x, y) => (x >= 20 && x < 90 && y >= 10 ? [200, 30, 30] : [240, 240, 240])),
  'png',
  6,
)

const measure = (source: Buffer, size: EditedSize, limits: PictureLimits = LIMITS) =>
  measurePicture({ kind: 'measure', source, size, limits })

describe('a measure', () => {
  const border = { colour: '000000', top: 1, right: 2, bottom: 3, left: 4 }
  const sides = { top: 0.25, right: 10, bottom: 0, left: 0 }

  it.each<[EditedSize, [number, number]]>([
    [{ fit: 'original' }, [80, 120]],
    [{ fit: 'width', width: 40 }, [40, 60]],
    [{ fit: 'cover', width: 33, height: 44 }, [33, 44]],
    [{ fit: 'contain', width: 800 }, [800, 1200]],
    [{ fit: 'pad', width: 50, height: 50 }, [50, 50]],
    [{ fit: 'width', width: 60, edits: { rotate: 90 } }, [60, 40]],
    [{ fit: 'original', edits: { border } }, [86, 124]],
    [{ fit: 'original', edits: { trim: { by: 'sides', sides } } }, [70, 90]],
    [{ fit: 'original', edits: { trim: { by: 'border', border: {} } } }, [70, 70]],
    [{ fit: 'width', width: 35, edits: { trim: { by: 'border', border: {} }, border } }, [41, 39]],
  ])('of %j is the sides of the picture', async (size, [width, height]) => {
    const measured = await measure(SOURCE, size)
    expect(measured).toMatchObject({ width, height, facts: { width: 80, height: 120, format: 'png' } })
    expect(await measure(SOURCE, measureOf(size).of)).toMatchObject({ width, height })
    expect(await render(SOURCE, { ...size, format: 'png' })).toMatchObject({ width, height })
  })

  it('counts the frames of what moves', async () => {
    const frames = await Promise.all(
      [1, 2, 3].map(async (side) =>
        encode(
          paint(8, 8, () => [80 * side, 0, 0]),
          'png',
        ),
      ),
    )
    const moving = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    expect(await measure(moving, { fit: 'width', width: 4 })).toMatchObject({ frames: 3, height: 4 })
    expect(await measure(moving, { fit: 'width', width: 4, edits: { still: true } })).toMatchObject({
      frames: 1,
    })
    expect(await measure(SOURCE, { fit: 'original' })).toMatchObject({ frames: 1 })
  })

  it('decodes nothing that it does not need', async () => {
    const cut = truncated(await encode(photo(300, 200), 'jpg'))
    expect(await measure(cut, { fit: 'width', width: 30 })).toMatchObject({ width: 30, height: 20 })
    const trim = { by: 'border', border: {} } as const
    await expect(measure(cut, { fit: 'original', edits: { trim } })).rejects.toMatchObject({
      code: 'source_broken',
    })
  })

  it('is refused where the picture would be', async () => {
    const limits = { ...LIMITS, maxOutputSide: 400 }
    await expect(measure(SOURCE, { fit: 'contain', width: 401 }, limits)).rejects.toMatchObject({
      code: 'size_not_allowed',
    })
  })
})
