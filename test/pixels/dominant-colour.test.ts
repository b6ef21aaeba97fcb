import { describe, expect, it } from 'vitest'
import { dominantColour } from '../../src/pixels/colours.ts'

type Rgba = readonly [red: number, green: number, blue: number, alpha: number]

/** So many pixels of each colour, one after the other. */
const pixels = (...runs: readonly (readonly [count: number, colour: Rgba])[]) =>
  Uint8Array.from(runs.flatMap(([count, colour]) => Array.from({ length: count }, () => [...colour]).flat()))

const RED: Rgba = [200, 16, 32, 255]
const BLUE: Rgba = [16, 32, 200, 255]

describe('dominantColour', () => {
  it.each([
    ['of one colour is that colour, to the bit', pixels([9, RED]), '#c81020'],
    ['white is white', pixels([4, [255, 255, 255, 255]]), '#ffffff'],
    ['black is black', pixels([4, [0, 0, 0, 255]]), '#000000'],
    ['is what covers most, never a mixture', pixels([4, RED], [6, BLUE]), '#1020c8'],
    ['does not depend on the order', pixels([6, BLUE], [4, RED]), '#1020c8'],
    [
      'is the mean of shades that hardly differ',
      pixels([2, [192, 64, 64, 255]], [2, [194, 66, 70, 255]], [3, BLUE]),
      '#c14143',
    ],
    ['leaves out what cannot be seen', pixels([90, [0, 0, 0, 0]], [10, RED]), '#c81020'],
    ['counts half of what is half transparent', pixels([5, [16, 32, 200, 127]], [3, RED]), '#c81020'],
    ['of nothing to be seen is black', pixels([4, [255, 255, 255, 0]]), '#000000'],
  ])('%s', (_, rgba, colour) => {
    expect(dominantColour(rgba)).toBe(colour)
  })
})
