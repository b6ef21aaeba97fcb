import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boxShrink, meanDifference } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { ask, pixelsOf, putSource } from '../support/oddities/ask.ts'
import { makeOddities } from '../support/oddities/oddities.ts'
import { hashDistance } from '../support/oddities/perceptual-hash.ts'
import { onWhite } from '../support/oddities/scene.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

/** Every output, its type, and how far its pixels may be from a box filter's on average, of 255. */
const OUTPUTS = [
  ['avif', 'image/avif', 8],
  ['webp', 'image/webp', 8],
  ['jpg', 'image/jpeg', 8],
  ['png', 'image/png', 8],
  ['gif', 'image/gif', 10],
] as const

/** Of 64 bits. Another picture differs in about 32; the same one turned about, in more than 20. */
const MAX_HASH_DISTANCE = 8

const ODDITIES = await makeOddities()

let origin: RunningOrigin
let store: ReturnType<typeof openOrigin>
let gateway: TestGateway

beforeAll(async () => {
  origin = await startOrigin()
  store = openOrigin(origin)
  gateway = await createTestGateway({ store, environment: { HALFTONE_SIZES: 'any' } })
})
afterAll(async () => {
  await gateway.close()
  store.close()
  await origin.stop()
})

describe.each(ODDITIES)('$name', ({ file, extension, seen, frames, slack }) => {
  const small = boxShrink(seen, 128, 96)

  test.each(OUTPUTS)('as %s', async (format, type, tolerance) => {
    const path = await putSource(gateway, file, extension)
    const answer = await ask(gateway, path, `128.${format}`)
    expect([answer.status, answer.detail]).toEqual([200, undefined])
    expect(answer.contentType).toBe(type)

    const shown = onWhite(await pixelsOf(answer.bytes))
    expect([shown.width, shown.height]).toEqual([128, 96])
    expect(hashDistance(shown, seen)).toBeLessThanOrEqual(MAX_HASH_DISTANCE)
    expect(meanDifference(shown, small)).toBeLessThan(tolerance + slack)

    const keepsFrames = format === 'gif' || format === 'webp'
    expect((await sharp(answer.bytes).metadata()).pages ?? 1).toBe(keepsFrames ? frames : 1)
  })
})

test('a hash tells the scene from the scene turned about', async () => {
  const [{ seen } = { seen: undefined }] = ODDITIES
  if (seen === undefined) throw new Error('There are no oddities')
  const { width, height } = seen
  const opened = () => sharp(seen.data, { raw: { width, height, channels: 3 } })
  for (const mirrored of [opened().flip(), opened().flop(), opened().rotate(180)]) {
    expect(hashDistance({ ...seen, data: await mirrored.raw().toBuffer() }, seen)).toBeGreaterThan(20)
  }
})
