import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { SAMPLE_ITEMS, SAMPLE_PROFILES } from '../../src/media/samples.ts'
import { photograph } from '../../samples/darkroom.ts'
import { SCENES } from '../../samples/scenes.ts'

const NAMES = [...SAMPLE_ITEMS.flatMap(({ scenes }) => scenes), ...SAMPLE_PROFILES.map(({ scene }) => scene)]

/** A 64-bit difference hash: whether each of 8×8 grey cells is brighter than its right neighbour. */
async function differenceHash(picture: Buffer): Promise<boolean[]> {
  const cells = await sharp(picture).autoOrient().greyscale().resize(9, 8, { fit: 'fill' }).raw().toBuffer()
  return Array.from({ length: 64 }, (_, index) => {
    const at = Math.floor(index / 8) * 9 + (index % 8)
    return (cells[at] ?? 0) > (cells[at + 1] ?? 0)
  })
}

const distance = (a: readonly boolean[], b: readonly boolean[]) =>
  a.filter((bit, index) => bit !== b[index]).length

describe('the sample pictures', () => {
  test('are at least two an item, of eight items, and two profiles; every scene is used once', () => {
    expect(SAMPLE_ITEMS.map(({ itemId }) => itemId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `demo-${n}`))
    expect(SAMPLE_ITEMS.every(({ scenes }) => scenes.length >= 2)).toBe(true)
    expect(SAMPLE_PROFILES).toHaveLength(2)
    expect(NAMES.toSorted()).toEqual(Object.keys(SCENES).toSorted())
  })

  test('are asked for at 3000 × 2000 or its like, some upright, some stored turned', () => {
    const shots = Object.values(SCENES)
    expect(shots.filter(({ width, height }) => width * height < 5_700_000)).toEqual([])
    expect(shots.some(({ width, height }) => width < height)).toBe(true)
    expect(shots.some(({ orientation }) => orientation !== undefined)).toBe(true)
  })

  test('have texture, and each is recognisable from the next', async () => {
    const hashes: boolean[][] = []
    for (const name of NAMES) {
      const shot = SCENES[name]
      if (shot === undefined) throw new Error(`There is no scene ${name}`)
      const { bytes } = await photograph(shot, 1, 0.1)
      const { entropy } = await sharp(bytes).stats()
      expect(entropy, name).toBeGreaterThan(5)
      hashes.push(await differenceHash(bytes))
    }
    for (const [index, hash] of hashes.entries()) {
      for (const [other, second] of hashes.slice(0, index).entries()) {
        expect(distance(hash, second), `${NAMES[index]} and ${NAMES[other]}`).toBeGreaterThan(4)
      }
    }
  })

  test('come out the same each time, at the size that was asked for, turned as EXIF says', async () => {
    const shot = Object.values(SCENES).find(({ orientation }) => orientation === 6)
    if (shot === undefined) throw new Error('No scene is stored turned')
    const [first, second] = [await photograph(shot, 7, 0.2), await photograph(shot, 7, 0.2)]
    expect(first.bytes.equals(second.bytes)).toBe(true)
    const { format, isProgressive, orientation, autoOrient } = await sharp(first.bytes).metadata()
    expect({ format, isProgressive, orientation }).toEqual({
      format: 'jpeg',
      isProgressive: true,
      orientation: 6,
    })
    expect(autoOrient).toEqual({ width: Math.round(shot.width * 0.2), height: Math.round(shot.height * 0.2) })
  })
})
