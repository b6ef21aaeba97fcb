import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestGateway } from '../support/gateway.ts'
import { svgBombs } from '../support/hostile/svg-bombs.ts'
import { ask, putSource } from '../support/oddities/ask.ts'

/** A gateway with a drawing of 2 KB in its bucket that takes longer than anybody waits. */
async function openGateway(environment: Readonly<Record<string, string>>) {
  const gateway = await createTestGateway({ environment: { HALFTONE_SIZES: 'any', ...environment } })
  onTestFinished(async () => gateway.close())
  await gateway.pool.ready()
  const bomb = svgBombs.find(([name]) => name === 'use of use, ten levels deep')
  const path = await putSource(gateway, Buffer.from((await bomb?.[1]()) ?? ''), 'svg')
  return { gateway, path, overran: () => gateway.pool.stats().restarts.overran }
}

const OVERRAN = { status: 415, code: 'source_overran' }

test('a picture that takes too long costs three workers, not one for each size, format and edit', async () => {
  const { gateway, path, overran } = await openGateway({ HALFTONE_RENDER_TIMEOUT_MS: '1500' })
  // Asked for at first: on a busy machine it may take as long as all that a picture may.
  expect((await ask(gateway, path, 'drawing.svg')).status).toBe(200)
  for (const size of ['64.jpg', '80.png', '96.avif'])
    expect(await ask(gateway, path, size)).toMatchObject(OVERRAN)
  await vi.waitFor(() => expect(overran()).toBe(3))
  await gateway.verbs()
  for (const size of ['65.jpg', '1600.webp', 'original.gif', '64,blur=4.webp', 'info.json', 'thumbhash'])
    expect(await ask(gateway, path, size)).toMatchObject(OVERRAN)
  expect(await gateway.verbs()).not.toContain('get')
  expect(overran()).toBe(3)
})

test('those that wait in line are not tried either', async () => {
  const { gateway, path, overran } = await openGateway({
    HALFTONE_RENDER_TIMEOUT_MS: '700',
    HALFTONE_REQUEST_TIMEOUT_MS: '30000',
    HALFTONE_QUEUE_WAIT_MS: '30000',
  })
  const sizes = Array.from({ length: 10 }, (_, index) => `${64 + index}.jpg`)
  const answers = await Promise.all(sizes.map(async (size) => ask(gateway, path, size)))
  expect(answers.map(({ code }) => code)).toEqual(sizes.map(() => 'source_overran'))
  // Three, and what was at the worker's door then.
  await vi.waitFor(() => expect(overran()).toBe(4), { timeout: 5_000 })
})

test('a verdict that comes when nobody waits any more is there for whoever asks next', async () => {
  const { gateway, path, overran } = await openGateway({
    HALFTONE_RENDER_TIMEOUT_MS: '1800',
    HALFTONE_REQUEST_TIMEOUT_MS: '800',
  })
  expect(await ask(gateway, path, '64.jpg')).toMatchObject({ status: 504, code: 'timed_out' })
  await vi.waitFor(() => expect(overran()).toBe(1), { timeout: 10_000 })
  expect(await ask(gateway, path, '64.jpg')).toMatchObject(OVERRAN)
  expect(overran()).toBe(1)
})
