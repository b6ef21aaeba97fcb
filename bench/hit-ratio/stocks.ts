import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'
import { CACHE_TAG_HEADER } from '../../src/cdn/cache-tags.ts'
import type { Clock } from '../../src/leases/clock.ts'
import type { Edge } from '../../test/support/edge/edge.ts'
import { createPainter } from './pictures.ts'
import type { PlayOptions, Stock } from './play.ts'
import { openShop, type Shop } from './shop.ts'
import type { Workload } from './workload.ts'

/** The bytes of an answer beside its picture, as the edge counts them. */
const HEAD_BYTES = 512
const SAMPLE = 24

/** A gateway with all the pictures of the workload in its bucket. */
export async function createShopStock(
  { pictures }: Workload,
  time: PlayOptions['time'],
  edge: () => Edge,
  memoryMb: number,
): Promise<{ stock: Stock; shop: Shop }> {
  const paint = await createPainter()
  const shop = await openShop({ clock: clockOf(time), api: apiOf(edge), memoryMb })
  for (let picture = 0; picture < pictures; picture += 1)
    await shop.open(`${picture}`, await paint(picture, 0))
  let version = 0
  const stock: Stock = {
    origin: shop.origin,
    async replace(picture) {
      version += 1
      await shop.replace(`${picture}`, await paint(picture, version))
    },
  }
  return { stock, shop }
}

/** Answers of the right length without pictures in them: for the edge it is the same. */
export function createHollowStock({ widths }: Workload, bytesOf: readonly number[], edge: () => Edge): Stock {
  const bodies = new Map(widths.map((width, size) => [`${width}`, Buffer.alloc(bytesOf[size] ?? 0)]))
  return {
    async origin({ target }) {
      const [, item = '', width = ''] = /^\/img\/items\/(\d+)\/(\d+)\.jpg$/.exec(target) ?? []
      const body = bodies.get(width) ?? Buffer.alloc(0)
      const headers = {
        'cache-control': CACHE_CONTROL.B,
        'content-length': `${body.length}`,
        [CACHE_TAG_HEADER]: `item:${item}`,
      }
      return { status: 200, headers, body }
    },
    async replace(picture) {
      edge().invalidate([`#item:${picture}`])
    },
  }
}

/** Bytes of a picture by width: the mean of some of them, rendered by a gateway of their own. */
export async function sampleBytes({ widths }: Workload, time: PlayOptions['time']): Promise<number[]> {
  const paint = await createPainter()
  const noEdge = { invalidate: async () => ({ id: 'none' }) }
  const shop = await openShop({ clock: clockOf(time), api: noEdge, memoryMb: 64 })
  try {
    const sums = widths.map(() => 0)
    for (let picture = 0; picture < SAMPLE; picture += 1) {
      await shop.open(`${picture}`, await paint(picture, 0))
      for (const [size, width] of widths.entries()) {
        const answer = await shop.gateway.fetch(`/img/items/${picture}/${width}.jpg`)
        sums[size] = (sums[size] ?? 0) + (await answer.arrayBuffer()).byteLength
      }
    }
    return sums.map((sum) => Math.round(sum / SAMPLE))
  } finally {
    await shop.close()
  }
}

/** The bytes of all pictures in all widths. */
export const allBytes = ({ pictures }: Workload, bytesOf: readonly number[]): number =>
  pictures * bytesOf.reduce((sum, bytes) => sum + bytes + HEAD_BYTES, 0)

function clockOf(time: PlayOptions['time']): Clock {
  return {
    now: () => time.ms,
    elapsedMs: () => time.ms,
    async pause() {
      throw new Error('Nothing waits here: time is turned by views')
    },
  }
}

const apiOf = (edge: () => Edge) => {
  let calls = 0
  return {
    async invalidate(_reference: string, items: readonly string[]) {
      edge().invalidate(items)
      calls += 1
      return { id: `I${calls}` }
    },
  }
}
