import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { type Config, ConfigError } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { createPool } from '../composition/pool.ts'
import { type AdoptReport, type AlbumOutcome, adopt as adoptLibrary } from '../media/adopt.ts'
import { type OrderReading, type PhotoOrder, readOrderCsv, readOrderJson } from '../media/photo-order.ts'
import { FairBudget } from '../admission/fair-budget.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { probeConditionalWrites } from '../storage/probe.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

export interface AdoptChoices {
  /** A CSV or JSON file with order and owners. */
  readonly order?: string | undefined
  readonly owner?: string | undefined
  readonly write?: boolean | undefined
  readonly leaveOut?: boolean | undefined
}

/** Items in work at once. */
const LANES = 8
/** A sign of life for so many items. */
const PROGRESS_EVERY = 1000
const MISSING_SHOWN = 20

/** Builds the records of a library that exists already, prints what was refused and a report, and says whether nothing was. */
export async function adopt(config: Config, choices: AdoptChoices): Promise<boolean> {
  const settled = withBucket(config)
  const { order: file, owner, write = false, leaveOut = false } = choices
  if (owner === undefined && file === undefined)
    throw new ConfigError(
      'adopt: name the owner of the items with --owner, or give a file with a column owner with --order',
    )
  if (owner === '') throw new ConfigError('adopt: --owner is empty')
  const order = file === undefined ? new Map() : await readOrder(file)
  const report = await useBucket(settled, async (store) => {
    if (write) await checkConditions(store)
    const pool = createPool(settled)
    try {
      return await adoptLibrary({
        store,
        renderer: pool,
        budget: new FairBudget({ capacity: settled.HALFTONE_FETCH_MB }),
        maxSourceBytes: settled.HALFTONE_MAX_SOURCE_MB,
        lanes: LANES,
        order,
        owner,
        write,
        leaveOut,
        onOutcome: createTeller(),
      })
    } finally {
      await pool.close()
    }
  })
  say(formatReport(report, write))
  return report.refused === 0
}

async function readOrder(file: string): Promise<PhotoOrder> {
  let reading: OrderReading
  try {
    reading = await readOrderFile(file)
  } catch (cause) {
    throw new ConfigError(`adopt: ${file} cannot be read`, { cause })
  }
  if (reading.outcome === 'understood') return reading.order
  throw new ConfigError(reading.faults.map((fault) => `adopt: ${file}: ${fault}`).join('\n'))
}

async function readOrderFile(file: string): Promise<OrderReading> {
  if (extname(file).toLowerCase() === '.json') return readOrderJson(await readFile(file, 'utf8'))
  const input = createReadStream(file)
  await once(input, 'open')
  return readOrderCsv(input)
}

/** Two that run at once must not write over each other's records, nor over those of the gateway. */
async function checkConditions(store: ObjectStore): Promise<void> {
  const broken = (await probeConditionalWrites(store)).filter(({ ok }) => !ok)
  if (broken.length === 0) return
  const names = broken.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
  throw new GatewayError(
    'bucket_refused',
    `The bucket does not honour conditional writes (${names}); see doctor`,
  )
}

function createTeller(): (outcome: AlbumOutcome) => void {
  let seen = 0
  return ({ path, outcome, reasons }) => {
    seen += 1
    for (const reason of reasons) say(`${path}: ${outcome === 'adopted' ? 'left out' : 'refused'}: ${reason}`)
    if (seen % PROGRESS_EVERY === 0) say(`… ${seen} items and profiles`)
  }
}

function formatReport(report: AdoptReport, write: boolean): string {
  const { adopted, photos, present, refused, leftOut, missing, otherKeys } = report
  const lines = [
    ['adopted', adopted, `items and profiles with ${photos} photos${write ? '' : ', if --write were given'}`],
    ['skipped', present, 'have a record already'],
    ['refused', refused, 'for the reasons above'],
    ['left out', leftOut, 'photos of adopted items, for the reasons above'],
    ['missing', missing.length, `items that the order names without a photo${examples(missing)}`],
    ['unknown', otherKeys, 'objects under items and profiles that are no photo'],
  ] as const
  const shown = lines.filter(([name, count]) => name === 'adopted' || count > 0)
  const table = shown.map(([name, count, what]) => `${name.padEnd(9)}${String(count).padStart(8)}  ${what}`)
  const end = write ? `${adopted} records were written.` : 'Nothing was written: this was a dry run.'
  return ['', ...table, '', end].join('\n')
}

function examples(missing: readonly string[]): string {
  const shown = missing.slice(0, MISSING_SHOWN).join(' ')
  return `: ${shown}${missing.length > MISSING_SHOWN ? ' …' : ''}`
}

function say(line: string): void {
  process.stdout.write(`${printable(line)}\n`)
}
