import { randomUUID } from 'node:crypto'
import { LeaseLost } from '../leases/lease.ts'
import { putSettled } from '../leases/put-settled.ts'
import { inParallel } from '../storage/batches.ts'
import type { ListedObject, ObjectStore } from '../storage/object-store.ts'
import type { Plan } from './plan.ts'
import {
  type AskedPurge,
  askedKey,
  BATCHES,
  type Batch,
  batchKey,
  DUE,
  type Due,
  dueKey,
  findAskedPurge,
  JSON_OBJECT,
  parseBatch,
  parseDue,
  SET_ASIDE,
  toBytes,
} from './queue.ts'

export interface EdgeQueueOptions {
  readonly store: ObjectStore
  /** Called once for each object that cannot be understood; it is left. */
  readonly onFault: (key: string) => void
}

/** A batch as it lies in the bucket. */
export interface HeldBatch {
  readonly batch: Batch
  readonly etag: string
}

/** What became of a batch. */
interface News {
  readonly phase: AskedPurge['phase']
  readonly invalidations: readonly string[]
  readonly at: string
  readonly refused?: readonly string[]
}

/** Reads of the bucket under way at once. */
const WIDTH = 16

/** The queue as its sender knows it: what it writes down first, and what others have handed over by the last look. */
export class EdgeQueue {
  readonly #options: EdgeQueueOptions
  readonly #dues = new Map<string, Due>()
  readonly #batches = new Map<string, HeldBatch>()
  readonly #faults = new Set<string>()
  #written = 0

  constructor(options: EdgeQueueOptions) {
    this.#options = options
  }

  /** Purges that are in no batch yet, the oldest first. */
  get dues(): readonly Due[] {
    return [...this.#dues.values()].toSorted((one, other) => order(one.committedAt, other.committedAt))
  }

  /** In the order in which they were made. */
  get batches(): readonly HeldBatch[] {
    return [...this.#batches.values()].toSorted((one, other) => order(one.batch.id, other.batch.id))
  }

  /** Somebody in this process has handed a purge over. */
  add(due: Due): void {
    this.#dues.set(due.id, due)
  }

  /** Forgets what is known: the next look finds it. */
  clear(): void {
    this.#dues.clear()
    this.#batches.clear()
  }

  /** Reads what lies in the bucket and is not known, asking before each object: there may be very many. */
  async look(mayGoOn: () => Promise<void>): Promise<void> {
    // What is added while the listing is under way need not be in it.
    const knownDues = new Set(this.#dues.keys())
    const knownBatches = new Set(this.#batches.keys())
    await inParallel(WIDTH, await this.#list(BATCHES), async ({ key, etag }) => {
      await mayGoOn()
      const id = idOf(BATCHES, key)
      knownBatches.delete(id)
      if (this.#batches.get(id)?.etag !== etag) await this.#readBatch(id)
    })
    await inParallel(WIDTH, await this.#list(DUE), async ({ key }) => {
      await mayGoOn()
      const id = idOf(DUE, key)
      if (!knownDues.delete(id)) await this.#readDue(id)
    })
    for (const id of knownBatches) this.#batches.delete(id)
    for (const id of knownDues) this.#dues.delete(id)
  }

  /** Writes down what is to be sent, in place of the purges that it stands for. */
  async begin({ calls, dues }: Plan, at: string): Promise<void> {
    const times = dues.map(({ committedAt }) => committedAt).toSorted(order)
    const asked = dues.filter((due) => due.asked).map(({ id }) => id)
    const whole = {
      oldestAt: times[0] ?? at,
      committedAt: times.at(-1) ?? at,
      phase: 'waiting',
      invalidations: [],
    } as const
    for (const [index, items] of calls.entries()) {
      // Purges are counted once: with the last call.
      const purges = index === calls.length - 1 ? dues.length : 0
      const id = this.#nextId(at)
      await this.#create({ ...whole, id, items: [...items], purges, asked, invalidations: [] })
    }
    if (calls.length === 0) await this.#tell({ id: '', asked }, { phase: 'done', invalidations: [], at })
    await this.#options.store.delete(dues.map(({ id }) => dueKey(id)))
    for (const { id } of dues) this.#dues.delete(id)
  }

  /** Notes what became of a batch that stays. */
  async update({ batch, etag }: HeldBatch, change: Partial<Batch>, at: string): Promise<void> {
    const next = { ...batch, ...change }
    const { id, invalidations, phase } = next
    if (phase !== batch.phase) await this.#tell(batch, { phase, invalidations, at })
    const put = await putSettled(this.#options.store, batchKey(id), toBytes(next), { ifMatch: etag })
    if (put.outcome !== 'stored') throw new LeaseLost(`${batchKey(id)} was changed by somebody else`)
    this.#batches.set(id, { batch: next, etag: put.etag })
  }

  /** Nothing is left to be done of a batch. */
  async finish({ batch }: HeldBatch, invalidations: readonly string[], at: string): Promise<void> {
    await this.#tell(batch, { phase: 'done', invalidations, at })
    await this.#remove(batch.id)
  }

  /** Makes two of a batch that the edge will not take as it is. */
  async split({ batch }: HeldBatch): Promise<void> {
    const middle = Math.ceil(batch.items.length / 2)
    const { refusal: _refusal, ...rest } = batch
    // Both behind each other, and where the whole one was: its purges are counted with the second.
    const first = { ...rest, id: `${batch.id}-0`, items: batch.items.slice(0, middle), purges: 0 }
    await this.#create(first)
    await this.#create({ ...rest, id: `${batch.id}-1`, items: batch.items.slice(middle) })
    await this.#remove(batch.id)
  }

  /** Keeps what the edge will not take, where it is in nobody's way. */
  async setAside({ batch }: HeldBatch, at: string): Promise<void> {
    const { store } = this.#options
    await store.put(`${SET_ASIDE}${batch.id}.json`, toBytes(batch), JSON_OBJECT)
    const { invalidations, items } = batch
    await this.#tell(batch, { phase: 'done', invalidations, at, refused: items })
    await this.#passOn(batch, at)
    await this.#remove(batch.id)
  }

  /** Purges that end with this batch end with another that is made of them, too. */
  async #passOn({ id, purges, oldestAt, committedAt }: Batch, at: string): Promise<void> {
    const heir = this.batches.findLast(
      ({ batch }) => batch.id !== id && batch.oldestAt === oldestAt && batch.committedAt === committedAt,
    )
    if (heir && purges > 0) await this.update(heir, { purges: heir.batch.purges + purges }, at)
  }

  /** Ids in the order of time, and in the order of making where that is the same. */
  #nextId(at: string): string {
    this.#written += 1
    return `${at}-${String(this.#written).padStart(9, '0')}-${randomUUID()}`
  }

  async #create(batch: Batch): Promise<void> {
    const condition = { ifNoneMatch: '*' } as const
    const put = await putSettled(this.#options.store, batchKey(batch.id), toBytes(batch), condition)
    if (put.outcome === 'stored') this.#batches.set(batch.id, { batch, etag: put.etag })
    // A half of one that was split before, by somebody who did not live to remove the whole.
    else await this.#readBatch(batch.id)
  }

  async #remove(id: string): Promise<void> {
    await this.#options.store.delete([batchKey(id)])
    this.#batches.delete(id)
  }

  /** Adds to what is said of purges that somebody asked for what became of one of their batches. */
  async #tell({ id: batchId, asked }: Pick<Batch, 'id' | 'asked'>, news: News): Promise<void> {
    const { store } = this.#options
    await inParallel(WIDTH, asked, async (id) => {
      const before = await findAskedPurge(store, id)
      const refused = union(before?.refused, news.refused)
      const state: AskedPurge = {
        id,
        phase: this.#phaseOf(id, batchId, news.phase),
        invalidations: union(before?.invalidations, news.invalidations),
        at: news.at,
        ...(refused.length > 0 && { refused }),
      }
      await store.put(askedKey(id), toBytes(state), JSON_OBJECT)
    })
  }

  /** As far as the batch of it that is least far, where one has come to `phase`. */
  #phaseOf(id: string, batchId: string, phase: AskedPurge['phase']): AskedPurge['phase'] {
    const others = [...this.#batches.values()].map(({ batch }) => batch)
    const siblings = others.filter((other) => other.id !== batchId && other.asked.includes(id))
    const phases = new Set([phase, ...siblings.map((sibling) => sibling.phase)])
    return (['waiting', 'sent', 'done'] as const).find((one) => phases.has(one)) ?? phase
  }

  async #list(prefix: string): Promise<readonly ListedObject[]> {
    const listed: ListedObject[] = []
    for await (const object of this.#options.store.list(prefix)) listed.push(object)
    return listed
  }

  async #readBatch(id: string): Promise<void> {
    const read = await this.#options.store.get(batchKey(id))
    if (read.outcome !== 'found') return void this.#batches.delete(id)
    const batch = parseBatch(read.object)
    if (batch?.id === id) this.#batches.set(id, { batch, etag: read.object.etag })
    else this.#note(batchKey(id))
  }

  async #readDue(id: string): Promise<void> {
    const read = await this.#options.store.get(dueKey(id))
    if (read.outcome !== 'found') return
    const due = parseDue(read.object)
    if (due?.id === id) this.#dues.set(id, due)
    else this.#note(dueKey(id))
  }

  #note(key: string): void {
    if (this.#faults.has(key)) return
    this.#faults.add(key)
    this.#options.onFault(key)
  }
}

const idOf = (prefix: string, key: string) => key.slice(prefix.length, -'.json'.length)

const union = (one: readonly string[] = [], other: readonly string[] = []) => [...new Set([...one, ...other])]

const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
