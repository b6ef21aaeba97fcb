import { expect, it } from 'vitest'
import type { Edits } from '../../src/transform/edits.ts'
import { OUTPUT_FORMATS, specName } from '../../src/transform/spec.ts'
import { inFormat } from '../../src/transform/suited-edits.ts'

const edits: Edits = { blur: 5, quality: 70, baseline: true, still: true, metadata: 'keep' }

it('keeps the edits that make a difference in a format', () => {
  const names = OUTPUT_FORMATS.map((format) =>
    specName(inFormat({ fit: 'width', width: 800, edits }, format)),
  )
  expect(names).toEqual([
    '800,blur=5,quality=70.avif',
    '800,blur=5,quality=70,still=1.webp',
    '800,blur=5,quality=70,baseline=1,metadata=keep.jpg',
    '800,blur=5,quality=70.png',
    '800,blur=5,still=1.gif',
  ])
})

it('has no edits where none is left', () => {
  expect(inFormat({ fit: 'original', edits: { metadata: 'none' } }, 'webp')).toEqual({
    fit: 'original',
    format: 'webp',
  })
})
