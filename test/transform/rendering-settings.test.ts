import { describe, expect, it } from 'vitest'
import { readOverlay } from '../../src/transform/overlay.ts'
import { DEFAULT_RENDERING, variantEpoch } from '../../src/transform/rendering-settings.ts'

describe('the epoch of variants', () => {
  const changes = [
    { crop: 'centre' },
    { background: '#000000' },
    { keepsP3: true },
    { linearLight: true },
    { keepsGainMap: false },
    { keepsCopyright: true },
    { tellsShot: true },
  ] as const

  it('is another for every setting and for other encoders', () => {
    const epochs = changes.map((change) => variantEpoch('abc', { ...DEFAULT_RENDERING, ...change }))
    epochs.push(variantEpoch('abc', DEFAULT_RENDERING), variantEpoch('abd', DEFAULT_RENDERING))
    expect(Object.keys(DEFAULT_RENDERING)).toHaveLength(changes.length)
    expect(new Set(epochs).size).toBe(epochs.length)
    for (const epoch of epochs) expect(epoch).toMatch(/^[A-Za-z0-9_-]{3}$/)
  })

  it('is another for every overlay, whatever their order', () => {
    const logo = ['logo', readOverlay({ url: 'a.png' })] as const
    const text = ['text', readOverlay({ text: 'a' })] as const
    const presets = [[], [logo], [text], [['logo', text[1]] as const], [logo, text]]
    const epochs = presets.map((overlays) => variantEpoch('abc', DEFAULT_RENDERING, new Map(overlays)))
    expect(new Set(epochs).size).toBe(presets.length)
    expect(epochs[0]).toBe(variantEpoch('abc', DEFAULT_RENDERING))
    expect(variantEpoch('abc', DEFAULT_RENDERING, new Map([text, logo]))).toBe(epochs.at(-1))
  })

  it('does not depend on the order in which settings are given', () => {
    const { crop, ...rest } = DEFAULT_RENDERING
    expect(variantEpoch('abc', { ...rest, crop })).toBe(variantEpoch('abc', DEFAULT_RENDERING))
  })
})
