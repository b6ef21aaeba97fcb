import { setImmediate as turn } from 'node:timers/promises'
import { PURGES } from '../../../src/cdn/forget.ts'
import { JOURNAL_KEY } from '../../../src/sources/journal.ts'
import { createMemoryObjectStore } from '../../../src/storage/memory-object-store.ts'
import type { NewPhoto } from '../../../src/library/library.ts'
import { createEdge } from '../edge/create-edge.ts'
import { distribution } from '../edge/distribution.ts'
import type { Edge, EdgeAnswer, EdgeOrigin } from '../edge/edge.ts'
import { Invalidations } from '../edge/invalidations.ts'
import { putPicture } from './pictures.ts'
import {
  createReplica,
  JOURNAL_MS,
  LOOK_UP_MS,
  READING_MS,
  type Replica,
  REQUEST_MS,
  TRANSIT_MS,
} from './replica.ts'
import { createTime } from './time.ts'
import { createTruth } from './truth.ts'

const START = Date.parse('2026-11-01T12:00:00Z')

/** Something that is on its way, and when it has to have arrived. */
interface Flight {
  readonly untilMs: number
  /** Lets it pass, however it is held. */
  readonly release: () => void
  readonly ended: Promise<unknown>
}

/** Calls that can be held, one at a time, and for how long at most: as long as the program would wait for them. */
export const HOLDS = {
  'a look-up on its way': { verb: 'get', way: 'there', what: 'record', mostMs: LOOK_UP_MS },
  'a look-up on its way back': { verb: 'get', way: 'back', what: 'record', mostMs: LOOK_UP_MS },
  'a source on its way back': { verb: 'get', way: 'back', what: 'file', mostMs: LOOK_UP_MS },
  'a variant on its way back': { verb: 'get', way: 'back', what: 'variant', mostMs: REQUEST_MS },
  'a write-back': { verb: 'put', way: 'there', what: 'variant', mostMs: REQUEST_MS },
  'a write-back that has landed': { verb: 'put', way: 'back', what: 'variant', mostMs: REQUEST_MS },
  'a deletion of variants': { verb: 'delete', way: 'there', what: 'variant', mostMs: REQUEST_MS },
  'a commit': { verb: 'put', way: 'there', what: 'record', mostMs: REQUEST_MS },
  'a commit that has landed': { verb: 'put', way: 'back', what: 'record', mostMs: REQUEST_MS },
  'an entry of the journal': { verb: 'put', way: 'there', what: 'journal', mostMs: REQUEST_MS },
  'a reading of the journal': { verb: 'get', way: 'back', what: 'journal', mostMs: READING_MS },
} as const
export type Hold = keyof typeof HOLDS

export const isHold = (name: string): name is Hold => name in HOLDS

const KEYS = {
  record: (key: string) => /^items\/[^/]+\/album\.json$/.test(key),
  file: (key: string) => /^items\/[^/]+\/photos\//.test(key),
  variant: (key: string) => /^(?:img|private)\//.test(key),
  journal: (key: string) => key === JOURNAL_KEY,
}

export interface WorldOptions {
  readonly by: 'tags' | 'paths'
}

/** An edge of two locations, two replicas, a bucket and the time of all of them. */
export async function createWorld() {
  const time = createTime(START)
  const bucket = createMemoryObjectStore()
  const truth = createTruth(bucket)
  const replicas: readonly [Replica, Replica] = [
    await createReplica(truth.store, time),
    await createReplica(truth.store, time),
  ]
  const flights = new Set<Flight>()
  const watched: Promise<unknown>[] = []
  const reading = new Map<Replica, Promise<void>>()
  const heardUntil = new Map<Replica, string | undefined>()
  const deafUntilMs = new Map<Replica, number>()
  let edge: Edge
  let invalidations: Invalidations
  let through: Replica = replicas[0]
  let isTransitHeld = false
  let options: WorldOptions = { by: 'tags' }
  let nextReadingMs = START

  /** Counts as in the air until it has ended. */
  function own(work: Promise<unknown>, untilMs: number, release: () => void): Flight {
    const flight = { untilMs, release, ended: work }
    flights.add(flight)
    const end = () => void flights.delete(flight)
    work.then(end, end)
    return flight
  }

  /** Lets everything go on as far as it can without time. */
  async function calm(): Promise<void> {
    for (let idle = 0; idle < 6; idle += 1) {
      await turn()
      if (replicas.some(({ gateway }) => gateway.pool.stats().busy + gateway.pool.stats().waiting > 0))
        idle = 0
    }
  }

  const letPass = (replica: Replica) => () => {
    for (const held of holds) if (held.replica === replica) held.release()
  }

  const fetch: EdgeOrigin = async (request) => {
    const replica = through
    const answering = replica.origin(request)
    own(answering, Date.now() + REQUEST_MS, letPass(replica))
    const answer = await answering
    if (!isTransitHeld) return answer
    isTransitHeld = false
    await held(TRANSIT_MS)
    return answer
  }

  /** Resolves when it is let go, or after so long. */
  function held(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const flight: Flight = { untilMs: Date.now() + mostMs, release, ended: Promise.resolve() }
      function release() {
        flights.delete(flight)
        resolve()
      }
      flights.add(flight)
    })
  }

  const holds = new Set<{ readonly replica: Replica; readonly release: () => void }>()

  function hold(replica: Replica, name: Hold): void {
    const { verb, way, what, mostMs } = HOLDS[name]
    const { reached, release } = replica.gates.hold(verb, KEYS[what], way)
    let flight: Flight | undefined
    const letGo = () => {
      holds.delete(entry)
      if (flight) flights.delete(flight)
      release()
    }
    const entry = { replica, release: letGo }
    holds.add(entry)
    const note = async () => {
      await reached
      flight = { untilMs: Date.now() + mostMs, release: letGo, ended: Promise.resolve() }
      flights.add(flight)
    }
    void note()
  }

  function readJournals(): void {
    nextReadingMs = Date.now() + JOURNAL_MS
    for (const replica of replicas) {
      if (reading.has(replica) || (deafUntilMs.get(replica) ?? 0) > Date.now()) continue
      const work = readJournal(replica).finally(() => reading.delete(replica))
      reading.set(replica, work)
    }
  }

  async function readJournal(replica: Replica): Promise<void> {
    await replica.gateway.journal.read()
    const facts = await bucket.head(JOURNAL_KEY)
    if (heardUntil.get(replica) === facts?.etag) return
    heardUntil.set(replica, facts?.etag)
    replica.expect()
  }

  /** Lets time pass; what has to happen on the way happens when it has to. */
  async function pass(ms: number): Promise<void> {
    const endMs = Date.now() + ms
    do {
      const dueMs = [...flights].map(({ untilMs }) => untilMs)
      time.turnTo(Math.max(Date.now(), Math.min(endMs, nextReadingMs, time.nextMs(), ...dueMs)))
      for (const flight of flights) {
        if (flight.untilMs > Date.now()) continue
        flight.release()
        await flight.ended
        flights.delete(flight)
      }
      if (nextReadingMs <= Date.now()) readJournals()
      // Whoever watches over processes starts them anew.
      for (const replica of replicas) if (replica.isSenderDead()) startSender(replica)
      await calm()
    } while (Date.now() < endMs)
  }

  async function keysBelow(prefix: string): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of bucket.list(prefix)) keys.push(key)
    return keys
  }

  const startSender = (replica: Replica) => replica.startSender({ ...options, invalidations })

  return {
    truth,
    replicas,
    bucket,
    calm,
    pass,
    hold,
    own,
    letPass,
    edge: () => edge,
    /** An empty edge, and a queue that is sent. */
    async open(itemId: string, chosen: WorldOptions) {
      options = chosen
      truth.watch(itemId)
      const clock = () => Date.now()
      edge = createEdge(distribution({ clock, gateway: fetch }))
      invalidations = new Invalidations({ clock, edge })
      for (const replica of replicas) {
        replica.gateway.calls.length = 0
        startSender(replica)
      }
      await calm()
    },
    /** A file of a new picture, as an upload puts it. */
    async putFile(itemId: string, photoId: string, picture: number): Promise<NewPhoto> {
      const photo = await putPicture(bucket, `items/${itemId}/photos/${photoId}`, picture)
      truth.know(photo.key, picture)
      return photo
    },
    async view(location: string, path: string, replica: Replica): Promise<EdgeAnswer> {
      through = replica
      return edge.view(location, { method: 'GET', target: path, headers: {} })
    },
    /** The next answer of a gateway is long on its way to the edge. */
    holdTransit: () => void (isTransitHeld = true),
    /** Lets one go that is held, or awaited to be. */
    release(choice: number) {
      const all = [...flights]
      all[choice % Math.max(1, all.length)]?.release()
    },
    deafen: (replica: Replica, ms: number) => void deafUntilMs.set(replica, Date.now() + ms),
    refuse: (calls: number) => invalidations.fail(calls, 400, 'Throttling'),
    /** Whether the edge has been told everything, for the last time. */
    isQuiet: async () =>
      (await keysBelow(PURGES)).length === 0 &&
      replicas.every(({ gateway }) => gateway.writeBack.pending === 0),
    /** What is still to be told. */
    async unrest() {
      const failures = replicas.flatMap((replica) => replica.failures()).map(String)
      return [...(await keysBelow(PURGES)), ...failures].join(' ')
    },
    /** Everything that is in the air lands. */
    async land() {
      isTransitHeld = false
      deafUntilMs.clear()
      for (const { release } of holds) release()
      for (const { release } of flights) release()
      await calm()
      for (const { ended } of flights) await ended
      for (const { gateway } of replicas) await gateway.writeBack.drain()
    },
    /** Something that goes on by itself, whose failure is told at the end. */
    watch(work: Promise<unknown>) {
      work.catch(() => {})
      watched.push(work)
    },
    watched: async () => void (await Promise.all(watched.splice(0))),
    /** Clears the stage for the next. */
    async leave(itemId: string) {
      for (const replica of replicas) await replica.stopSender()
      for (const prefix of [`items/${itemId}/`, `img/items/${itemId}/`, `private/items/${itemId}/`]) {
        const keys = await keysBelow(prefix)
        if (keys.length > 0) await bucket.delete(keys)
      }
    },
    async close() {
      for (const { gateway } of replicas) await gateway.close()
      time.stop()
    },
  }
}

export type World = Awaited<ReturnType<typeof createWorld>>
