import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ASHBURN, createStage, FRANKFURT, says } from './twin.ts'

const YEAR_S = 31_536_000

/** An answer of an origin that is there: how long it may live, and be used afterwards. */
const lives = fc.record({
  maxAgeS: fc.integer({ min: 0, max: 60 }),
  sharedS: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  staleS: fc.integer({ min: 0, max: 30 }),
})

const steps = fc.array(
  fc.record({
    passS: fc.integer({ min: 0, max: 50 }),
    location: fc.constantFrom(FRANKFURT, ASHBURN),
    target: fc.constantFrom('/a', '/b'),
    life: lives,
    isInvalidated: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
)

test.each([
  [false, true, 1],
  [true, true, 1],
  [true, false, 2],
])(
  'shield %s, age counts %s: nothing is older than it says, %i times, nor than its invalidation',
  async (shield, ageCountsBetweenLayers, layers) => {
    await fc.assert(
      fc.asyncProperty(steps, async (order) => {
        const stage = createStage({ shield, rules: { ageCountsBetweenLayers } })
        const invalidatedAt = new Map<string, number>()
        for (const { passS, location, target, life, isInvalidated } of order) {
          stage.pass(passS)
          const { maxAgeS, sharedS, staleS } = life
          const shared = sharedS === undefined ? '' : `, s-maxage=${sharedS}`
          const cacheControl = `max-age=${maxAgeS}${shared}, stale-while-revalidate=${staleS}`
          const mayBeS = (sharedS ?? maxAgeS) + staleS
          stage.origin = () =>
            says({ 'cache-control': cacheControl }, { body: `${stage.now()} ${mayBeS * layers}` })
          if (isInvalidated) {
            stage.edge.invalidate([target])
            invalidatedAt.set(target, stage.now())
          }
          const { body } = await stage.get(target, {}, location)
          await stage.edge.settled()
          const [madeAt = 0, boundS = 0] = body.toString().split(' ').map(Number)
          expect(stage.now() - madeAt).toBeLessThanOrEqual(boundS * 1000)
          expect(madeAt).toBeGreaterThanOrEqual(invalidatedAt.get(target) ?? 0)
        }
      }),
    )
  },
)

test('an answer may live to its very bound', async () => {
  const stage = createStage({ behavior: { ttls: { minS: 0, defaultS: 0, maxS: YEAR_S } } })
  stage.origin = () => says({ 'cache-control': `max-age=${YEAR_S * 2}` })
  await stage.get('/a')
  stage.pass(YEAR_S - 1)
  expect(await stage.result('/a')).toBe('Hit')
  stage.pass(1)
  expect(await stage.result('/a')).toBe('Miss')
})
