import { describe, expect, test } from 'vitest'
import { type Played, play } from '../../bench/hit-ratio/play.ts'
import { allBytes, createHollowStock, createShopStock } from '../../bench/hit-ratio/stocks.ts'
import { bestHitRatio, MIXES, movesOf, type Workload, WORKLOAD } from '../../bench/hit-ratio/workload.ts'
import type { GatewayTraffic } from '../../src/traffic/gateway-traffic.ts'

/** Means of what the gateway makes of these pictures. */
const BYTES = [1_000, 1_700, 6_100, 26_000]

const timeOf = () => ({ ms: Date.parse('2026-11-01T00:00:00Z') })

async function playHollow(workload: Workload, share = 0.2): Promise<Played> {
  return play({
    workload,
    capacityBytes: Math.round(allBytes(workload, BYTES) * share),
    time: timeOf(),
    stock: async (edge) => createHollowStock(workload, BYTES, edge),
  })
}

async function playShop(workload: Workload): Promise<{ played: Played; gateway: GatewayTraffic }> {
  const time = timeOf()
  let opened: Awaited<ReturnType<typeof createShopStock>> | undefined
  try {
    const played = await play({
      workload,
      capacityBytes: Math.round(allBytes(workload, BYTES) * 0.2),
      time,
      async stock(edge) {
        opened = await createShopStock(workload, time, edge, 8)
        return opened.stock
      },
    })
    if (opened === undefined) throw new Error('Nothing was opened')
    return { played, gateway: await opened.shop.traffic() }
  } finally {
    await opened?.shop.close()
  }
}

describe('the workload', () => {
  const small: Workload = { ...WORKLOAD, pictures: 50, views: 20_000, replaceEvery: 100 }

  test('is the same every time', () => {
    expect([...movesOf(small)]).toEqual([...movesOf(small)])
  })

  test('asks for pictures by Zipf, for widths by their shares, and replaces as many as it says', () => {
    const moves = [...movesOf(small)]
    const views = moves.filter((move) => move.kind === 'view')
    expect(moves.length - views.length).toBe(200)
    const share = (isMeant: (view: (typeof views)[number]) => boolean) =>
      views.filter(isMeant).length / views.length
    const weights = Array.from({ length: 50 }, (_, rank) => (rank + 1) ** -0.9)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (const picture of [0, 1, 9, 49])
      expect(share((view) => view.picture === picture)).toBeCloseTo((weights[picture] ?? 0) / total, 1.5)
    for (const [size, wanted] of small.mix.entries())
      expect(share((view) => view.size === size)).toBeCloseTo(wanted, 1.5)
    expect(share((view) => view.location === 0)).toBeCloseTo(0.5, 1.5)
  })

  test.each([
    [1, 1],
    [0, 0],
  ])('cannot be served better than %d by a cache of that share of the bytes', (share, best) => {
    const capacity = share * small.pictures * BYTES.reduce((sum, bytes) => sum + bytes, 0)
    expect(bestHitRatio(small, BYTES, capacity)).toBeCloseTo(best)
  })
})

describe('requirements: CDN – hit ratio', () => {
  test('of a short run of the workload, edge and gateway beneath it, is what the logs and the counters say', async () => {
    const workload: Workload = { ...WORKLOAD, pictures: 12, views: 2_000, replaceEvery: 250 }
    const { played, gateway } = await playShop(workload)
    const { edge, seen, asked, replaced } = played
    expect(replaced).toBe(8)
    // What viewers saw, what came through, what the gateway counted, and what is read off the logs are one.
    const { hit, refresh, shield, miss } = edge.results
    expect(edge.requests).toBe(workload.views)
    expect(hit.requests).toBe(seen['Hit from cloudfront'])
    expect(refresh.requests).toBe(seen['RefreshHit from cloudfront'] ?? 0)
    expect(shield.requests + miss.requests).toBe(seen['Miss from cloudfront'])
    expect(gateway.pictures + gateway.others).toBe(asked)
    expect(miss.requests).toBeGreaterThanOrEqual(asked)
    expect(edge.hitRatio).toBeGreaterThan(0.6)
    // Nothing is rendered twice: twelve pictures in four widths, and what was replaced once more.
    expect(gateway.layers.render).toBeLessThanOrEqual((12 + 8) * 4)
    expect(gateway.hitRatio).toBeGreaterThan(0.5)
  }, 120_000)

  test('of the edge is near what the workload allows, the cold start counted', async () => {
    const shop: Workload = { ...WORKLOAD, pictures: 200, views: 8_000 }
    const even: Workload = { ...shop, mix: MIXES.even }
    const [ofShop, ofEven] = [await playHollow(shop), await playHollow(even)]
    expect(ofShop.edge.hitRatio).toBeGreaterThan(0.78)
    expect(ofShop.edge.locationHitRatio).toBeLessThan(ofShop.edge.hitRatio ?? 0)
    // Where all widths are asked for alike, a fifth of the bytes is less of what is asked for.
    expect(ofEven.edge.hitRatio).toBeLessThan(ofShop.edge.hitRatio ?? 0)
    const best = (workload: Workload) => bestHitRatio(workload, BYTES, 0.2 * allBytes(workload, BYTES))
    expect(best(even)).toBeLessThan(best(shop))
    for (const [workload, { edge }] of [
      [shop, ofShop],
      [even, ofEven],
    ] as const)
      expect(edge.locationHitRatio).toBeLessThan(best(workload))
    // With room for everything only the first view of each and those after a replacement are misses.
    const { edge: roomy } = await playHollow(shop, 1)
    expect(roomy.results.miss.requests).toBeLessThanOrEqual(200 * 4 + 8 * 4)
  }, 120_000)
})
