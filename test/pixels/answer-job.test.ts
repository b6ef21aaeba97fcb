import { describe, expect, it } from 'vitest'
import { answerJob, identify } from '../../src/pixels/answer-job.ts'
import { currentEpoch } from '../../src/pixels/encoders.ts'
import { encode, photo } from '../support/pictures.ts'
import { DEFAULT_RENDERING } from '../../src/transform/rendering-settings.ts'
import { LIMITS } from './limits.ts'

const SPEC = { fit: 'width', width: 30, format: 'webp' } as const

describe('answerJob', () => {
  it('answers with a picture', async () => {
    const source = await encode(photo(60, 40), 'jpg')
    const answer = await answerJob({
      kind: 'render',
      source,
      spec: SPEC,
      limits: LIMITS,
      settings: DEFAULT_RENDERING,
    })
    expect(answer).toMatchObject({
      kind: 'rendered',
      picture: { width: 30, height: 20, contentType: 'image/webp' },
    })
  })

  it('answers with facts', async () => {
    const source = await encode(photo(60, 40), 'jpg')
    const answer = await answerJob({ kind: 'inspect', source, limits: LIMITS })
    expect(answer).toMatchObject({ kind: 'inspected', facts: { format: 'jpeg', width: 60 } })
  })

  it('answers a bad picture with its verdict', async () => {
    const answer = await answerJob({
      kind: 'render',
      source: Buffer.from('no picture'),
      spec: SPEC,
      limits: LIMITS,
      settings: DEFAULT_RENDERING,
    })
    expect(answer).toMatchObject({ kind: 'refused', code: 'source_not_a_picture' })
  })

  it('answers a box that is too large as the fault of the request', async () => {
    const source = await encode(photo(60, 40), 'jpg')
    const spec = { fit: 'cover', width: 20_000, height: 10, format: 'png' } as const
    const answer = await answerJob({
      kind: 'render',
      source,
      spec,
      limits: LIMITS,
      settings: DEFAULT_RENDERING,
    })
    expect(answer).toMatchObject({ kind: 'refused', code: 'size_not_allowed' })
  })

  it('answers a fault of ours as such: no verdict on the picture', async () => {
    const source = await encode(photo(60, 40), 'jpg')
    const spec = { fit: 'cover', width: 1.5, height: 10, format: 'png' } as const
    const answer = await answerJob({
      kind: 'render',
      source,
      spec,
      limits: LIMITS,
      settings: DEFAULT_RENDERING,
    })
    expect(answer).toMatchObject({ kind: 'failed' })
  })
})

it('says what it is', () => {
  expect(identify()).toMatchObject({
    epoch: currentEpoch(),
    libvips: expect.stringMatching(/^8\./),
    formats: ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg'],
  })
})
