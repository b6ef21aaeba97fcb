import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import { z } from 'zod'
import { idPattern } from '../urls/ids.ts'

/** What an order file says of one item. */
export interface WantedAlbum {
  /** Photo ids in the order wanted. */
  readonly photos: ReadonlySet<string>
  readonly owner: string | undefined
}

/** By item id. */
export type PhotoOrder = ReadonlyMap<string, WantedAlbum>

/** An order that was understood as a whole, or everything that is wrong with it, each fault with its place. */
export type OrderReading =
  | { readonly outcome: 'understood'; readonly order: PhotoOrder }
  | { readonly outcome: 'faulty'; readonly faults: readonly string[] }

/** More would not be read. */
const FAULTS_SHOWN = 20

const ID = 'letters, digits, ".", "_" and "-", at most 128, not beginning with "."'

interface Row {
  readonly item: string
  readonly photo?: string | undefined
  readonly owner?: string | undefined
}

/** Collects rows into an order; whatever is wrong is noted with its place. */
class OrderBuilder {
  readonly #albums = new Map<string, { photos: Set<string>; owner: string | undefined }>()
  readonly #faults: string[] = []
  #moreFaults = 0

  add(place: string, { item, photo, owner }: Row): void {
    if (!idPattern.test(item)) return this.fault(place, `${quote(item)} is no item id (${ID})`)
    if (photo !== undefined && !idPattern.test(photo))
      return this.fault(place, `${quote(photo)} is no photo id (${ID})`)
    const album = this.#albums.get(item) ?? { photos: new Set(), owner: undefined }
    this.#albums.set(item, album)
    if (photo !== undefined && album.photos.has(photo))
      this.fault(place, `photo ${photo} of item ${item} is named before`)
    if (owner && album.owner !== undefined && album.owner !== owner)
      this.fault(place, `item ${item} has the owners ${quote(album.owner)} and ${quote(owner)}`)
    if (photo !== undefined) album.photos.add(photo)
    if (owner) album.owner ??= owner
  }

  fault(place: string, text: string): void {
    if (this.#faults.length < FAULTS_SHOWN) this.#faults.push(`${place}: ${text}`)
    else this.#moreFaults += 1
  }

  finish(): OrderReading {
    if (this.#faults.length === 0) return { outcome: 'understood', order: this.#albums }
    const more = this.#moreFaults > 0 ? [`and ${this.#moreFaults} more`] : []
    return { outcome: 'faulty', faults: [...this.#faults, ...more] }
  }
}

const csvRow = z.object({ info: z.object({ lines: z.number() }), record: z.array(z.string()) })

/** Reads an order from CSV: its first line names the columns `item`, `photo` and `owner`, of which one may be missing. */
export async function readOrderCsv(input: Readable): Promise<OrderReading> {
  const builder = new OrderBuilder()
  const parser = parse({ bom: true, info: true, skip_empty_lines: true })
  try {
    await pipeline(input, parser, async (rows: AsyncIterable<unknown>) => {
      let columns: readonly string[] | undefined
      for await (const row of rows) {
        const { info, record } = csvRow.parse(row)
        const place = `line ${info.lines}`
        if (columns !== undefined) addRow(builder, place, { columns, record })
        else if (isHeader(record)) columns = record
        else return builder.fault(place, `${quote(record.join(','))} does not name the columns: ${COLUMNS}`)
      }
      if (columns === undefined) builder.fault('line 1', `there is nothing: ${COLUMNS}`)
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    builder.fault('not CSV', error.message)
  }
  return builder.finish()
}

const COLUMNS = 'expected are item, and photo or owner or both, separated by commas'

function isHeader(names: readonly string[]): boolean {
  const known = new Set(['item', 'photo', 'owner'])
  return names.length > 1 && names.includes('item') && names.every((name) => known.delete(name))
}

function addRow(
  builder: OrderBuilder,
  place: string,
  row: { readonly columns: readonly string[]; readonly record: readonly string[] },
): void {
  const { columns, record } = row
  const cell = (name: string) => record[columns.indexOf(name)]
  builder.add(place, { item: cell('item') ?? '', photo: cell('photo'), owner: cell('owner') })
}

const jsonOrder = z.array(
  z.strictObject({
    item: z.string(),
    owner: z.string().min(1).optional(),
    photos: z.array(z.string()).default([]),
  }),
)

/** Reads an order from JSON: `[{ "item": "42", "owner": "u7", "photos": ["p2", "p1"] }]`; owner or photos may be missing. */
export function readOrderJson(text: string): OrderReading {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { outcome: 'faulty', faults: [`not JSON: ${error.message}`] }
  }
  const builder = new OrderBuilder()
  const { data, error } = jsonOrder.safeParse(value)
  for (const { path, message } of error?.issues ?? []) builder.fault(placeOf(path), message)
  const seen = new Set<string>()
  for (const [index, { item, owner, photos }] of data?.entries() ?? []) {
    const place = placeOf([index])
    if (seen.has(item)) builder.fault(place, `item ${item} is named before`)
    seen.add(item)
    builder.add(place, { item, owner })
    for (const photo of photos) builder.add(place, { item, photo })
  }
  return builder.finish()
}

/** `[2].photos[0]` as people count: `entry 3, photos 1`. */
function placeOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? ` ${step + 1}` : `, ${String(step)}`))
  return path.length === 0 ? 'the whole' : `entry${steps.join('')}`
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 140))
