import { refillMs } from '../../../src/composition/purging.ts'
import { parseConfig } from '../../../src/config.ts'
import { createEdgePurges } from '../../../src/purging/hand-over.ts'
import { PurgeSender } from '../../../src/purging/purge-sender.ts'
import { EdgeRefusal } from '../../../src/purging/purging.ts'
import type { ObjectStore } from '../../../src/storage/object-store.ts'
import { openLibrary } from '../../library/library.ts'
import { createResponseOrigin } from '../edge/http-origin.ts'
import { ApiRefusal, type Invalidations } from '../edge/invalidations.ts'
import { gateStore } from '../gated-store.ts'
import { createTestGateway } from '../gateway.ts'
import type { Time } from './time.ts'

export const ENVIRONMENT = {
  HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE',
  // As it is by default: the tests' own is longer, and here the clock stands still.
  HALFTONE_JOURNAL_MAX_LAG_MS: '6000',
}

const CONFIG = parseConfig({ HALFTONE_BUCKET: 'test', ...ENVIRONMENT })

/** How long after a change the edge is told of it for the last time, by the settings. */
export const REPEAT_AFTER_MS = refillMs(CONFIG)
export const {
  HALFTONE_FETCH_TIMEOUT_MS: LOOK_UP_MS,
  HALFTONE_S3_TIMEOUT_MS: READING_MS,
  HALFTONE_REQUEST_TIMEOUT_MS: REQUEST_MS,
  HALFTONE_JOURNAL_INTERVAL_MS: JOURNAL_MS,
  HALFTONE_PURGE_INTERVAL_MS: INTERVAL_MS,
} = CONFIG
export const TRANSIT_MS = CONFIG.HALFTONE_EDGE_COMPLETION_S * 1000

/** What a sender needs that is new in each run. */
export interface SenderOptions {
  readonly by: 'tags' | 'paths'
  readonly invalidations: Invalidations
}

/** A whole gateway with its library, and a sender beside it that may be killed by itself. */
export async function createReplica(bucket: ObjectStore, time: Time) {
  const gates = gateStore(bucket)
  const gateway = await createTestGateway({ store: gates.store, environment: ENVIRONMENT })
  let sending: Sending | undefined
  const edge = createEdgePurges({
    store: gates.store,
    clock: time.clock,
    onHandedOver: (due) => sending?.sender.add(due),
  })
  const { albums, unfinished } = openLibrary(gates.store, {
    outbox: undefined,
    edge,
    onChanged: gateway.forget,
  })
  return {
    gates,
    gateway,
    albums,
    /** Changes whose consequences were left to the sweep: none, where nobody dies. */
    unfinished,
    origin: createResponseOrigin((target, init) => gateway.fetch(target, init)),
    /** Begins to send, as a process that has just been started. */
    startSender(options: SenderOptions) {
      sending = createSending(bucket, time, options)
      sending.sender.start()
    },
    /** Kills it so many calls of the bucket or of the edge from now; of the last it does not hear the answer. */
    killSender: (calls: number) => sending?.kill(calls),
    isSenderDead: () => sending?.isDead() ?? true,
    /** Something has changed, as the journal says. */
    expect: () => sending?.sender.expect(),
    async stopSender() {
      if (sending?.isDead() === false) await sending.sender.close()
      sending = undefined
    },
    failures: () => sending?.failures ?? [],
  }
}

export type Replica = Awaited<ReturnType<typeof createReplica>>

type Sending = ReturnType<typeof createSending>

/** A sender whose process may be killed: then nothing that it has begun comes to an end. */
function createSending(bucket: ObjectStore, { clock }: Time, { by, invalidations }: SenderOptions) {
  let callsLeft = Infinity
  const failures: unknown[] = []
  const never = new Promise<never>(() => {})

  async function live<T>(call: () => Promise<T>): Promise<T> {
    if (callsLeft <= 0) return never
    callsLeft -= 1
    const result = await call()
    return callsLeft <= 0 ? never : result
  }

  const store: ObjectStore = {
    head: async (...args) => live(async () => bucket.head(...args)),
    get: async (...args) => live(async () => bucket.get(...args)),
    put: async (...args) => live(async () => bucket.put(...args)),
    delete: async (...args) => live(async () => bucket.delete(...args)),
    async *list(...args) {
      await live(async () => {})
      yield* bucket.list(...args)
    },
  }
  const sender = new PurgeSender({
    store,
    clock,
    api: {
      invalidate: async (reference, items) => live(async () => invalidate(invalidations, reference, items)),
    },
    by,
    elsewhere: [],
    repeatAfterMs: REPEAT_AFTER_MS,
    itemsPerSecond: CONFIG.HALFTONE_PURGE_ITEMS_PER_SECOND,
    wildcardsPerSecond: CONFIG.HALFTONE_PURGE_WILDCARDS_PER_SECOND,
    patienceMs: CONFIG.HALFTONE_PURGE_PATIENCE_S * 1000,
    intervalMs: INTERVAL_MS,
    onCall: () => {},
    onSetAside: (items) => void failures.push(items),
    onFailure: (error) => void failures.push(error),
    random: () => 1,
  })
  const kill = (calls: number) => void (callsLeft = Math.min(callsLeft, calls))
  return { sender, failures, kill, isDead: () => callsLeft <= 0 }
}

function invalidate(invalidations: Invalidations, reference: string, items: readonly string[]) {
  try {
    return { id: invalidations.create(reference, items).id }
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error
    throw new EdgeRefusal(error.code === 'Throttling' ? 'throttled' : 'unreachable', error.message)
  }
}
