import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/retouch/frame.ts'
import { tone } from '../../src/retouch/tone.ts'
import type { Edits } from '../../src/transform/edits.ts'

const CHANNELS: readonly Frame['channels'][] = [1, 2, 3, 4]

/** What becomes of one pixel. */
function toned(edits: Edits, ...colour: readonly number[]): readonly number[] {
  const channels = CHANNELS[colour.length - 1] ?? 4
  return [...tone({ data: Uint8Array.from(colour), width: 1, height: 1, channels }, edits).data]
}

describe('tone', () => {
  it.each<[Edits, number[]]>([
    [{ brightness: 2 }, [128, 255, 255]],
    [{ brightness: 0.5 }, [32, 64, 96]],
    [{ contrast: 0.5 }, [95, 127, 159]],
    [{ contrast: 2 }, [0, 128, 255]],
    [{ gamma: 2 }, [16, 64, 144]],
    [{ gamma: 0.5 }, [127, 180, 221]],
    // Beyond what libvips takes in one step.
    [{ gamma: 4 }, [1, 16, 81]],
    [{ gamma: 0.25 }, [180, 214, 237]],
    [{ contrast: 0 }, [127, 127, 127]],
    // The weights of CSS: 0.213 · 64 + 0.715 · 128 + 0.072 · 192.
    [{ saturation: 0 }, [118, 118, 118]],
    [{ saturation: 2 }, [9, 137, 255]],
  ])('%j of 64, 128, 192', (edits, expected) => {
    expect(toned(edits, 64, 128, 192)).toEqual(expected)
  })

  it('leaves black and white where they are, whatever the gamma and the saturation', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 250, noNaN: true }), (factor) => {
        for (const edits of [{ gamma: factor }, { saturation: factor }]) {
          expect(toned(edits, 0, 0, 0)).toEqual([0, 0, 0])
          expect(toned(edits, 255, 255, 255)).toEqual([255, 255, 255])
        }
      }),
    )
  })

  it('leaves opacity alone, of grey pictures too', () => {
    const edits = { brightness: 3, contrast: 0.2, gamma: 2, saturation: 0 }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (opacity) => {
        expect(toned(edits, 64, 128, 192, opacity)[3]).toBe(opacity)
        expect(toned(edits, 64, opacity)[1]).toBe(opacity)
        expect(toned(edits, 64)).toEqual([toned(edits, 64, opacity)[0]])
      }),
    )
  })

  it('is done in its order', () => {
    // 64 · 2 = 128; pulled to the middle 127.625; that, as a share, squared.
    expect(toned({ brightness: 2, contrast: 0.25, gamma: 2 }, 64)).toEqual([63])
    // Cut to white between the steps.
    expect(toned({ brightness: 4, contrast: 0.5 }, 200)).toEqual([191])
  })
})
