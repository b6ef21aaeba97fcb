import { parseArgs } from 'node:util'
import { quietSdk } from '../../src/config.ts'
import { formatShare, table } from '../../src/traffic/text-table.ts'
import { UsageError } from '../usage-error.ts'
import { type Played, play } from './play.ts'
import type { Shop } from './shop.ts'
import { allBytes, createHollowStock, createShopStock, sampleBytes } from './stocks.ts'
import { bestHitRatio, MIXES, WORKLOAD, type Workload } from './workload.ts'

/**
 * The hit ratio of edge and gateway on a fixed workload, through the stand-in of the edge.
 * usage: npm run hit-ratio [-- --pictures N] [--views N] [--mix shop|gallery|even] [--share 0.2] [--memory MB] [--hollow]
 */
interface Choices {
  readonly workload: Workload
  /** What each location holds of all bytes, and Origin Shield. */
  readonly share: number
  readonly memoryMb: number
  /** Without pictures and a gateway: only what the edge does. */
  readonly hollow: boolean
}

function readChoices(): Choices {
  const { values } = parseArgs({
    options: {
      pictures: { type: 'string', default: `${WORKLOAD.pictures}` },
      views: { type: 'string', default: `${WORKLOAD.views}` },
      mix: { type: 'string', default: 'shop' },
      share: { type: 'string', default: '0.2' },
      memory: { type: 'string', default: '32' },
      hollow: { type: 'boolean', default: false },
    },
  })
  const mix = Object.entries(MIXES).find(([name]) => name === values.mix)?.[1]
  if (mix === undefined)
    throw new UsageError(`--mix ${values.mix}: accepted are ${Object.keys(MIXES).join(' ')}`)
  const [pictures, views] = [whole('--pictures', values.pictures), whole('--views', values.views)]
  const share = Number(values.share)
  if (!(share > 0 && share <= 1)) throw new UsageError(`--share ${values.share}: accepted is 0.01 to 1`)
  return {
    workload: { ...WORKLOAD, pictures, views, mix },
    share,
    memoryMb: whole('--memory', values.memory),
    hollow: values.hollow,
  }
}

function whole(name: string, text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text)
  throw new UsageError(`${name} ${text}: accepted is a whole number above 0`)
}

async function run({ workload, share, memoryMb, hollow }: Choices): Promise<void> {
  const time = { ms: Date.parse('2026-11-01T00:00:00Z') }
  const bytesOf = await sampleBytes(workload, time)
  const capacityBytes = Math.round(allBytes(workload, bytesOf) * share)
  let shop: Shop | undefined
  const startedAt = performance.now()
  try {
    const played = await play({
      workload,
      capacityBytes,
      time,
      async stock(edge) {
        if (hollow) return createHollowStock(workload, bytesOf, edge)
        const opened = await createShopStock(workload, time, edge, memoryMb)
        shop = opened.shop
        process.stderr.write(`${workload.pictures} pictures are in the bucket\n`)
        return opened.stock
      },
      onView(count) {
        if (count % 50_000 === 0) process.stderr.write(`${count} views\n`)
      },
    })
    const best = bestHitRatio(workload, bytesOf, capacityBytes)
    process.stdout.write(`${[...formatEdge(played, bytesOf, capacityBytes, best), ''].join('\n')}\n`)
    if (shop !== undefined) process.stdout.write(`${(await formatShop(shop, played)).join('\n')}\n`)
    process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
  } finally {
    await shop?.close()
  }
}

const MB = 1e6

function formatEdge(
  { edge, asked, replaced }: Played,
  bytesOf: readonly number[],
  capacity: number,
  best: number,
) {
  const saved = edge.bytesSaved / edge.bytes
  return [
    `Bytes by width: ${bytesOf.join(', ')}; a location holds ${(capacity / MB).toFixed(0)} MB, and so does Origin Shield`,
    `${edge.requests} views, ${replaced} replacements, ${asked} requests came through to the gateway`,
    `Hit ratio of the edge ${formatShare(edge.hitRatio)}; of its locations alone ${formatShare(edge.locationHitRatio)}`,
    `The best that one such cache could do, full from the start: ${formatShare(best)}`,
    `Bytes that did not come from the gateway: ${formatShare(saved)}`,
    ...table(
      ['location', 'views', 'hits'],
      edge.locations.map((one) => [one.location, `${one.requests}`, formatShare(one.hitRatio)]),
    ),
  ]
}

async function formatShop(shop: Shop, { edge }: Played): Promise<string[]> {
  const { layers, pictures, hitRatio } = await shop.traffic()
  return [
    `Hit ratio of the gateway beneath ${formatShare(hitRatio)}`,
    ...table(
      ['layer', 'pictures', 'of its own', 'of all views'],
      Object.entries(layers).map(([name, count]) => [
        name,
        `${count}`,
        formatShare(count / pictures),
        formatShare(count / edge.requests),
      ]),
    ),
  ]
}

quietSdk()
try {
  await run(readChoices())
} catch (error) {
  if (!(error instanceof UsageError || error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
