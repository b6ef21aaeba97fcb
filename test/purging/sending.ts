import type { Purge } from '../../src/cdn/forget.ts'
import { announcePurge } from '../../src/cdn/forget.ts'
import { createCloudFrontApi } from '../../src/purging/cloudfront-api.ts'
import { createPurging } from '../../src/purging/create-purging.ts'
import type { EdgeCall } from '../../src/purging/dispatch.ts'
import type { PurgeSenderOptions } from '../../src/purging/purge-sender.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { type CloudFrontApiServer, CREDENTIALS, DISTRIBUTION } from '../support/edge/cloudfront-api.ts'

export const REPEAT_AFTER_MS = 84_000

/** A clock that stands still unless somebody turns it; who pauses turns it. */
export function createHandClock(startMs = Date.parse('2026-11-01T00:00:00Z')) {
  let elapsed = 0
  return {
    now: () => startMs + elapsed,
    elapsedMs: () => elapsed,
    pause: async (ms: number) => {
      elapsed += ms
    },
    advance(ms: number) {
      elapsed += ms
    },
  }
}

export type HandClock = ReturnType<typeof createHandClock>

export interface Setting {
  readonly store: ObjectStore
  readonly clock: HandClock
  readonly server: CloudFrontApiServer
}

/** A replica's queue to the edge, whose sender goes when it is told to. */
export function openQueue({ store, clock, server }: Setting, options: Partial<PurgeSenderOptions> = {}) {
  const calls: EdgeCall[] = []
  const setAside: string[] = []
  const failures: unknown[] = []
  const api = createCloudFrontApi({
    distributionId: DISTRIBUTION,
    endpoint: server.endpoint,
    credentials: CREDENTIALS,
    timeoutMs: 10_000,
  })
  const purging = createPurging({
    store,
    clock,
    api,
    by: 'tags',
    elsewhere: [],
    repeatAfterMs: REPEAT_AFTER_MS,
    itemsPerSecond: 100,
    wildcardsPerSecond: 1,
    patienceMs: 30_000,
    intervalMs: 30_000,
    onCall: (call) => void calls.push(call),
    onSetAside: (items) => void setAside.push(...items),
    onFailure: (error) => void failures.push(error),
    random: () => 0.5,
    ...options,
  })
  return {
    ...purging,
    calls,
    setAside,
    failures,
    /** Announces a purge and hands it over, as a change does that nothing goes wrong with. */
    async purge(...paths: string[]): Promise<void> {
      await handOver({ id: paths.join('+').replaceAll('/', '-'), paths })
    },
    handOver,
    /** Lets the sender go on until the queue is empty; fails if that is not within an hour. */
    async drain(): Promise<void> {
      const untilMs = clock.elapsedMs() + 3_600_000
      do {
        clock.advance(Math.max(1, await purging.sender.look()))
        if (clock.elapsedMs() > untilMs) throw new Error('The queue does not become empty')
      } while (!isEmpty(await purging.status()))
    },
    close: async () => {
      await purging.sender.close()
      api.close()
    },
  }

  async function handOver(purge: Purge): Promise<void> {
    await announcePurge(store, purge)
    await purging.edge.handOver(purge)
  }
}

export type TestQueue = ReturnType<typeof openQueue>

const isEmpty = ({ waiting, sent }: { waiting: number; sent: number }) => waiting === 0 && sent === 0

/** The items of all invalidations, call by call. */
export const itemsOf = ({ invalidations }: CloudFrontApiServer): readonly (readonly string[])[] =>
  invalidations.taken.map(({ items }) => items)

/** The keys below a prefix. */
export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}
