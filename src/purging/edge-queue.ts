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

  /** Reads what lies in the bucket and is not known. */
  async look(): Promise<void> {
    // What is added while the listing is under way need not be in it.
    const knownDues = new Set(this.#dues.keys())
    const knownBatches = new Set(this.#batches.keys())
    await inParallel(WIDTH, await this.#list(BATCHES), async ({ key, etag }) => {
      const id = idOf(BATCHES, key)
      knownBatches.delete(id)
      if (this.#batches.get(id)?.etag !== etag) await this.#readBatch(id)
    })
    await inParallel(WIDTH, await this.#list(DUE), async ({ key }) => {
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
      // The last to be sent tells how far all of it is.
      const stands =
        index === calls.length - 1 ? { purges: dues.length, asked } : { purges: 0, asked: [] as string[] }
      await this.#create({ ...whole, ...stands, id: this.#nextId(at), items: [...items], invalidations: [] })
    }
    if (calls.length === 0) await this.#tell(asked, { phase: 'done', invalidations: [], at })
    await this.#options.store.delete(dues.map(({ id }) => dueKey(id)))
    for (const { id } of dues) this.#dues.delete(id)
  }

  /** Notes what became of a batch that stays. */
  async update({ batch, etag }: HeldBatch, change: Partial<Batch>, at: string): Promise<void> {
    const next = { ...batch, ...change }
    const { id, asked, invalidations, phase } = next
    const isFurther = phase !== batch.phase
    if (isFurther) await this.#tell(asked, { phase, invalidations, at })
    const put = await putSettled(this.#options.store, batchKey(id), toBytes(next), { ifMatch: etag })
    if (put.outcome !== 'stored') throw new LeaseLost(`${batchKey(id)} was changed by somebody else`)
    this.#batches.set(id, { batch: next, etag: put.etag })
  }

  /** Nothing is left to be done of a batch. */
  async finish({ batch }: HeldBatch, invalidations: readonly string[], at: string): Promise<void> {
    await this.#tell(batch.asked, { phase: 'done', invalidations: [...invalidations], at })
    await this.#remove(batch.id)
  }

  /** Makes two of a batch that the edge will not take as it is. */
  async split({ batch }: HeldBatch): Promise<void> {
    const middle = Math.ceil(batch.items.length / 2)
    const { refusal: _refusal, ...rest } = batch
    // Both behind each other, and where the whole one was: the second tells how far all of it is.
    const first = { ...rest, id: `${batch.id}-0`, items: batch.items.slice(0, middle), purges: 0, asked: [] }
    await this.#create(first)
    await this.#create({ ...rest, id: `${batch.id}-1`, items: batch.items.slice(middle) })
    await this.#remove(batch.id)
  }

  /** Keeps what the edge will not take, where it is in nobody's way. */
  async setAside({ batch }: HeldBatch, at: string): Promise<void> {
    const { store } = this.#options
    await store.put(`${SET_ASIDE}${batch.id}.json`, toBytes(batch), JSON_OBJECT)
    const { asked, invalidations, items } = batch
    await this.#tell(asked, { phase: 'done', invalidations, at, refused: items })
    await this.#remove(batch.id)
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

  async #tell(ids: readonly string[], state: Omit<AskedPurge, 'id'>): Promise<void> {
    const { store } = this.#options
    await inParallel(WIDTH, ids, async (id) => {
      await store.put(askedKey(id), toBytes({ id, ...state }), JSON_OBJECT)
    })
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

const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
