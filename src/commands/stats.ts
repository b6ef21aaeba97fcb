import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { useLogFiles } from '../composition/log-files.ts'
import { type Config, ConfigError } from '../config.ts'
import {
  DEFAULT_PRICES,
  type MonthlyCost,
  monthlyCost,
  type PriceTable,
  priceTable,
} from '../media/prices.ts'
import {
  type Amount,
  type LibraryStatistics,
  measureLibrary,
  OBJECT_KINDS,
  type ObjectKind,
} from '../media/statistics.ts'
import { DEFAULT_EDGE_PRICES, edgeCost, edgePriceTable } from '../traffic/edge-prices.ts'
import { EdgeTally } from '../traffic/edge-traffic.ts'
import { formatEdge, formatGateways } from '../traffic/format-traffic.ts'
import { readGatewayTraffic } from '../traffic/gateway-traffic.ts'
import { readLogs } from '../traffic/read-logs.ts'
import { type Cells, formatBytes, table } from '../traffic/text-table.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

export interface StatsChoices {
  /** A JSON file with a price table instead of the default one. */
  readonly prices?: string | undefined
  readonly json?: boolean | undefined
}

/** Lists the bucket and prints what is in it and what that may cost, as a table or as JSON. */
export async function stats(config: Config, { prices: file, json }: StatsChoices): Promise<void> {
  const settled = withBucket(config)
  const prices = file === undefined ? DEFAULT_PRICES : await readPrices(file, priceTable)
  const statistics = await useBucket(settled, (store) => measureLibrary(store.list('')))
  const cost = monthlyCost(statistics.bytes, prices)
  const text = json
    ? JSON.stringify({ ...statistics, monthlyEstimate: { ...cost, prices } }, undefined, 2)
    : printable(formatStatistics(statistics, cost, prices))
  process.stdout.write(`${text}\n`)
}

export interface CdnStatsChoices {
  /** Files, folders or `s3://bucket/prefix` with standard logs of CloudFront. */
  readonly logs?: readonly string[] | undefined
  /** Addresses of gateways' admin ports, or of their metrics. */
  readonly metrics?: readonly string[] | undefined
  readonly top: number
  readonly prices?: string | undefined
  readonly json?: boolean | undefined
}

/** Prints how much the edge and the gateways had already when they were asked; false when a log could not be read to its end. */
export async function statsCdn(config: Config, choices: CdnStatsChoices): Promise<boolean> {
  const { logs = [], metrics = [], json } = choices
  if (logs.length === 0 && metrics.length === 0)
    throw new ConfigError('stats cdn: name logs with --logs, gateways with --metrics, or both')
  const edge = logs.length === 0 ? undefined : await measureEdge(config, logs, choices)
  const faults = [...(edge?.reading.faults ?? [])]
  const texts = await scrapeAll(metrics, faults)
  const gateways = metrics.length === 0 ? undefined : readGatewayTraffic(texts)
  const blocks = [
    edge && formatEdge(edge.traffic, edge.reading, edge.cost, edge.prices),
    gateways && formatGateways(gateways, texts.length),
  ]
  const text = json
    ? JSON.stringify({ edge, gateways }, undefined, 2)
    : printable(blocks.flatMap((lines) => (lines === undefined ? [] : [lines.join('\n')])).join('\n\n'))
  process.stdout.write(`${text}\n`)
  for (const { name, reason } of faults) process.stderr.write(printable(`${name}: ${reason}\n`))
  return faults.length === 0
}

async function measureEdge(config: Config, logs: readonly string[], { top, prices: file }: CdnStatsChoices) {
  const prices = file === undefined ? DEFAULT_EDGE_PRICES : await readPrices(file, edgePriceTable)
  const tally = new EdgeTally()
  const settled = logs.some((place) => place.startsWith('s3:')) ? withBucket(config) : config
  const reading = await useLogFiles(settled, logs, (files) => readLogs(files, (entry) => tally.add(entry)))
  const traffic = tally.report(top)
  return { traffic, reading, cost: edgeCost(traffic, prices), prices }
}

const SCRAPE_MS = 10_000

/** What the gateways' metrics say now; those that do not answer are added to the faults. */
async function scrapeAll(
  addresses: readonly string[],
  faults: { name: string; reason: string }[],
): Promise<string[]> {
  const texts: string[] = []
  for (const url of addresses.map(metricsUrl)) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(SCRAPE_MS) })
      if (response.ok) texts.push(await response.text())
      else faults.push({ name: url.href, reason: `answered ${response.status}` })
    } catch (error) {
      if (!(error instanceof Error)) throw error
      // What fetch throws says why in its cause.
      faults.push({ name: url.href, reason: (error.cause instanceof Error ? error.cause : error).message })
    }
  }
  return texts
}

function metricsUrl(address: string): URL {
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new ConfigError(`stats cdn: --metrics ${address} is no address such as http://127.0.0.1:9090`)
  const url = new URL(address)
  if (url.pathname === '/') url.pathname = '/metrics'
  return url
}

async function readPrices<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw new ConfigError(`stats: ${file} cannot be read as JSON${why}`, { cause })
  }
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new ConfigError(`stats: ${file} is no price table\n${z.prettifyError(read.error)}`)
}

const NAMES: Readonly<Record<ObjectKind, string>> = {
  itemPhotos: 'item photos',
  profilePhotos: 'profile photos',
  foreignSizes: 'sizes beside originals',
  records: 'records',
  documents: 'documents',
  publicVariants: 'variants, public',
  privateVariants: 'variants, private',
  temp: 'uploads under way',
  system: 'system',
  other: 'other',
}

function formatStatistics(found: LibraryStatistics, cost: MonthlyCost, prices: PriceTable): string {
  const kinds = OBJECT_KINDS.map((kind): Cells => [NAMES[kind], ...amounts(found.kinds[kind])])
  const largest = found.largestItems.map(
    ({ itemId, photos, ...amount }): Cells => [itemId, ...amounts(amount), String(photos)],
  )
  const without =
    found.itemsWithoutAlbum > 0 ? `, ${found.itemsWithoutAlbum} of them without an album (adopt)` : ''
  return [
    ...table(['', 'objects', 'size'], [...kinds, ['all', ...amounts(found)]]),
    '',
    `${found.items} items${without}, ${found.photos} photos; ${found.profiles} profiles`,
    ...(largest.length > 0 ? ['', ...table(['largest items', 'objects', 'size', 'photos'], largest)] : []),
    '',
    formatCost(cost, prices),
  ].join('\n')
}

function formatCost({ storage, requests, total }: MonthlyCost, { currency, name }: PriceTable): string {
  const money = (amount: number) => `${amount.toFixed(2)} ${currency}`
  const parts = `storage ${money(storage)}, requests ${money(requests)}`
  return `Estimate, not a bill: ${money(total)} a month (${parts}) by the prices "${name}".
Traffic is not in it, and requests only as far as the price table says how many there are.`
}

function amounts({ objects, bytes }: Amount): [string, string] {
  return [objects.toLocaleString('en'), formatBytes(bytes)]
}
