import { randomUUID } from 'node:crypto'
import { announcePurge, carryOutPurge, closePurge, type Forgotten, purgeKey } from '../cdn/forget.ts'
import type { Clock } from '../leases/clock.ts'
import { Unfinished, type UnfinishedOptions } from '../leases/unfinished.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  type PictureDialect,
  parsePurgeRequest,
  type PurgeRequest,
  type PurgeTargets,
} from './purge-request.ts'
import type { EdgePurges, PurgeStatus } from './purging.ts'
import { type AskedPurge, askedKey, findAskedPurge, JSON_OBJECT, toBytes } from './queue.ts'
import { readPurgeStatus } from './status.ts'

export interface AskedPurgesOptions {
  readonly store: ObjectStore
  readonly clock: Pick<Clock, 'now'>
  /** Reads the paths of pictures. */
  readonly dialect: PictureDialect
  /** What becomes of them at the edge; without it, nothing. */
  readonly edge?: EdgePurges | undefined
  /** Makes this process forget source paths at once; others hear of it from the journal. */
  readonly onChanged?: ((paths: readonly string[]) => void) | undefined
  /** Called with what keeps a purge from being carried out: it is tried again, and stays announced for the sweep. */
  readonly onFailure: (error: unknown, id: string) => void
  /** Between two tries. */
  readonly pauses?: UnfinishedOptions<unknown>['pauses']
}

/** A purge that is announced. */
export interface BegunPurge {
  readonly purge: AskedPurge
  readonly targets: PurgeTargets
  /** Rejects when it is left for later; whoever began it need not wait for it. */
  readonly carriedOut: Promise<Forgotten>
}

/** Purges that somebody asks for, and may ask about afterwards. */
export class AskedPurges {
  readonly #options: AskedPurgesOptions
  readonly #running = new Set<Promise<void>>()
  readonly #unfinished: Unfinished<{ readonly id: string; readonly targets: PurgeTargets }>

  constructor(options: AskedPurgesOptions) {
    this.#options = options
    this.#unfinished = new Unfinished({
      finish: async ({ id, targets }) => void (await this.#carryOut(id, targets)),
      onFailure: (error, { id }) => options.onFailure(error, id),
      pauses: options.pauses,
    })
  }

  /**
   * Resolves when the purge is announced: from then on it is carried out, whatever happens. `invalid_request` for what
   * is none of what can be asked.
   */
  async begin(request: PurgeRequest, signal?: AbortSignal): Promise<BegunPurge> {
    const { store, clock, dialect, onFailure } = this.#options
    const targets = parsePurgeRequest(request, dialect)
    const id = randomUUID()
    const at = new Date(clock.now()).toISOString()
    const purge: AskedPurge = { id, phase: 'waiting', invalidations: [], at }
    await store.put(askedKey(id), toBytes(purge), { ...JSON_OBJECT, signal })
    await announcePurge(store, { id, ...targets, asked: true }, { signal })
    const carriedOut = this.#carryOut(id, targets)
    const ended = carriedOut
      .then(
        () => undefined,
        (error: unknown) => {
          onFailure(error, id)
          this.#unfinished.add({ id, targets })
        },
      )
      .finally(() => this.#running.delete(ended))
    this.#running.add(ended)
    return { purge, targets, carriedOut }
  }

  /** How far a purge is; `undefined` for an id that nobody was given, or a week ago. */
  async find(id: string): Promise<AskedPurge | undefined> {
    const { store, edge } = this.#options
    // First, since it goes last.
    const isAnnounced = (await store.head(purgeKey(id))) !== undefined
    const found = await findAskedPurge(store, id)
    // Nobody else is to be told: what is not announced any more is done.
    return found && !isAnnounced && edge === undefined ? { ...found, phase: 'done' } : found
  }

  /** What waits at the edge's queue. */
  async status(): Promise<PurgeStatus> {
    const { store, clock } = this.#options
    return readPurgeStatus(store, clock)
  }

  /** Waits for those that are being carried out, and tries the others once more. */
  async close(): Promise<void> {
    await Promise.all(this.#running)
    await this.#unfinished.close()
  }

  async #carryOut(id: string, targets: PurgeTargets): Promise<Forgotten> {
    const { store, edge, onChanged } = this.#options
    onChanged?.(targets.paths.map((path) => path.replace(/\/$/, '')))
    const forgotten = await carryOutPurge(store, targets)
    await closePurge(store, { id, ...targets, asked: true }, edge)
    return forgotten
  }
}
