import { readFile } from 'node:fs/promises'
import { z } from 'zod'
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
import { printable, useBucket, withBucket } from './bucket.ts'

export interface StatsChoices {
  /** A JSON file with a price table instead of the default one. */
  readonly prices?: string | undefined
  readonly json?: boolean | undefined
}

/** Lists the bucket and prints what is in it and what that may cost, as a table or as JSON. */
export async function stats(config: Config, { prices: file, json }: StatsChoices): Promise<void> {
  const settled = withBucket(config)
  const prices = file === undefined ? DEFAULT_PRICES : await readPrices(file)
  const statistics = await useBucket(settled, (store) => measureLibrary(store.list('')))
  const cost = monthlyCost(statistics.bytes, prices)
  const text = json
    ? JSON.stringify({ ...statistics, monthlyEstimate: { ...cost, prices } }, undefined, 2)
    : printable(formatStatistics(statistics, cost, prices))
  process.stdout.write(`${text}\n`)
}

async function readPrices(file: string): Promise<PriceTable> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw new ConfigError(`stats: ${file} cannot be read as JSON${why}`, { cause })
  }
  const { data, error } = priceTable.safeParse(value)
  if (data !== undefined) return data
  throw new ConfigError(`stats: ${file} is no price table\n${z.prettifyError(error)}`)
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

type Cells = readonly [name: string, ...numbers: string[]]

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

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

function formatBytes(bytes: number): string {
  let size = bytes
  let unit = 0
  for (; size >= 1024 && unit < UNITS.length - 1; unit += 1) size /= 1024
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`
}

/** Rows under a head: names to the left, numbers to the right. */
function table(head: Cells, rows: readonly Cells[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
