import { type Copies, type Copy, createCopies } from './copies.ts'
import type { EdgeAnswer, EdgeClock, EdgeRules, HeldCopy } from './edge.ts'
import { errorLifetimeMs, errorMinimumMs } from './errors.ts'
import { type Freshness, freshness, isCachingDisabled } from './freshness.ts'
import { type Invalidation, tagsOf } from './invalidation.ts'
import type { Reply, Upstream, Visit } from './visit.ts'

/** What a layer depends on. */
export interface LayerOptions {
  readonly name: string
  readonly clock: EdgeClock
  readonly rules: EdgeRules
  readonly errorTtlS: Readonly<Record<number, number>>
  readonly tagHeader?: string | undefined
  readonly capacityBytes?: number | undefined
  readonly upstream: Upstream
}

/** What came of asking upstream; who waited for it may have it only if it was kept. */
interface Landed {
  readonly reply: Reply
  readonly isShared: boolean
}

/** Kept like a picture; 307 and 308 only when they say something of caching. */
const CACHEABLE = new Set([200, 203, 206, 300, 301, 302, 307, 308])

/** One cache of the edge: an edge location, or Origin Shield. */
export class Layer {
  readonly #options: LayerOptions
  readonly #copies: Copies
  readonly #flights = new Map<string, Promise<Landed>>()
  readonly #inTheAir = new Set<Promise<unknown>>()

  constructor(options: LayerOptions) {
    this.#options = options
    this.#copies = createCopies(options.capacityBytes)
  }

  /** The whole answer to a visit: from what lies here, else from upstream. */
  async ask(visit: Visit): Promise<Reply> {
    if (isCachingDisabled(visit.behavior.ttls)) return this.#options.upstream(visit, undefined)
    const copy = this.#find(visit)
    if (copy !== undefined) {
      const expiredMs = this.#expiredMs(copy)
      if (expiredMs < 0 || this.#options.clock() < (copy.spentUntilMs ?? 0)) return this.#reply(copy, 'Hit')
      if (expiredMs < copy.freshness.staleWhileRevalidateMs) {
        void this.#own(this.#join(visit, copy))
        return this.#reply(copy, 'Hit')
      }
    }
    return this.#await(visit, copy)
  }

  forget(isMeant: Invalidation): void {
    this.#copies.forget(isMeant)
  }

  held(): HeldCopy[] {
    return this.#copies.all().map((copy) => ({
      layer: this.#options.name,
      path: copy.path,
      status: copy.answer.status,
      headers: copy.answer.headers,
      state: this.#expiredMs(copy) < 0 ? 'fresh' : copy.freshness.isForbidden ? 'not reusable' : 'stale',
    }))
  }

  /** Resolves when nothing is being fetched. */
  async settled(): Promise<void> {
    while (this.#inTheAir.size > 0) await Promise.all(this.#inTheAir)
  }

  /** The copy to use or to revalidate: one that is fresh before one that is not. */
  #find({ key, request: { method }, range, behavior }: Visit): Copy | undefined {
    const slots = [
      key,
      ...(method === 'HEAD' ? [`${key}\nHEAD`] : []),
      ...(range ? [`${key}\n${range}`] : []),
    ]
    const maxMs = behavior.ttls.maxS * 1000
    // Past MaxTTL a copy is gone, stale or not.
    const copies = slots
      .flatMap((slot) => this.#copies.find(slot) ?? [])
      .filter((copy) => this.#expiredMs(copy) < 0 || this.#ageMs(copy) <= maxMs)
    return copies.find((copy) => this.#expiredMs(copy) < 0) ?? copies[0]
  }

  /** Waits for a flight; one whose answer is not for others is followed by a request of one's own. */
  async #await(visit: Visit, copy: Copy | undefined): Promise<Reply> {
    const isFirst = !this.#flights.has(flightKey(visit))
    const { reply, isShared } = await this.#own(this.#join(visit, copy))
    if (isFirst || isShared) return reply
    return (await this.#own(this.#fetch(visit, copy))).reply
  }

  #join(visit: Visit, copy: Copy | undefined): Promise<Landed> {
    const key = flightKey(visit)
    const flying = this.#flights.get(key)
    if (flying !== undefined) return flying
    const flight = this.#fetch(visit, copy).finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }

  async #fetch(visit: Visit, copy: Copy | undefined): Promise<Landed> {
    const reply = await this.#options.upstream(visit, copy)
    if (reply.answer.status === 304 && copy !== undefined) {
      const answer = { ...copy.answer, headers: { ...copy.answer.headers, ...renewing(reply.answer) } }
      const renewed = { ...reply, answer, result: 'RefreshHit' } as const
      return this.#keep(visit, renewed, { said: reply.answer.headers, slot: copy.slot })
    }
    if (copy !== undefined && (reply.isUnreachable || reply.answer.status >= 500)) {
      const isSpent = this.#maySpend(visit, copy, reply)
      if (isSpent) return { reply: this.#reply(copy, 'RefreshHit'), isShared: true }
    }
    return this.#keep(visit, reply, { said: reply.answer.headers, slot: slotOf(visit, reply.answer) })
  }

  /** Whether a copy whose time is over stands in for an origin that fails. */
  #maySpend({ behavior: { ttls } }: Visit, copy: Copy, { answer, isUnreachable }: Reply): boolean {
    const { staleIfErrorMs, isForbidden } = copy.freshness
    if (copy.answer.status >= 400) return false
    if (staleIfErrorMs !== undefined) return this.#expiredMs(copy) < staleIfErrorMs
    if (isForbidden) return isUnreachable && this.#options.rules.olderWhenUnreachable && ttls.maxS > 0
    copy.spentUntilMs = this.#options.clock() + errorMinimumMs(answer.status, this.#options)
    return true
  }

  /** Puts an answer into the cache if it may lie there; `said` are the headers that tell for how long. */
  #keep(visit: Visit, given: Reply, { said, slot }: { said: EdgeAnswer['headers']; slot: string }): Landed {
    const { clock, rules, tagHeader } = this.#options
    const reply = rules.ageCountsBetweenLayers ? given : { ...given, ageMs: 0 }
    const { answer, ageMs, isUnreachable } = reply
    const fresh = isTruncated(visit, answer) ? undefined : this.#freshness(visit, answer.status, said)
    if (fresh === undefined) return { reply, isShared: false }
    const isUseless = fresh.isForbidden && (fresh.staleIfErrorMs === 0 || !rules.olderWhenUnreachable)
    if (isUseless) this.#copies.delete(slot)
    else {
      const tags = tagsOf(tagHeader === undefined ? '' : answer.headers[tagHeader])
      const sinceMs = clock() - ageMs
      this.#copies.put({ slot, path: visit.path, answer, tags, freshness: fresh, sinceMs, isUnreachable })
    }
    return { reply, isShared: fresh.lifetimeMs > 0 }
  }

  /** For how long an answer may lie here; `undefined` for one that is passed on only. */
  #freshness(
    { behavior: { ttls } }: Visit,
    status: number,
    headers: EdgeAnswer['headers'],
  ): Freshness | undefined {
    const { clock, rules, errorTtlS } = this.#options
    if (status >= 400) {
      const lifetimeMs = errorLifetimeMs({ status, headers }, { ttls, errorTtlS, rules }, clock())
      if (lifetimeMs === undefined) return undefined
      return { lifetimeMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, isForbidden: false }
    }
    if (!CACHEABLE.has(status)) return undefined
    if ((status === 307 || status === 308) && headers['cache-control'] === undefined) return undefined
    return freshness(headers, ttls, { now: clock(), rules })
  }

  #reply(copy: Copy, result: 'Hit' | 'RefreshHit'): Reply {
    const { answer, isUnreachable } = copy
    return { answer, ageMs: this.#ageMs(copy), result, from: this.#options.name, isUnreachable }
  }

  #ageMs({ sinceMs }: Copy): number {
    return this.#options.clock() - sinceMs
  }

  /** For how long its time has been over; negative while it is fresh. */
  #expiredMs(copy: Copy): number {
    return this.#ageMs(copy) - copy.freshness.lifetimeMs
  }

  #own<T>(work: Promise<T>): Promise<T> {
    this.#inTheAir.add(work)
    // Whoever asked is told of its failure; here it only counts that it ended.
    const end = () => void this.#inTheAir.delete(work)
    work.then(end, end)
    return work
  }
}

const flightKey = ({ key, request: { method }, range = '' }: Visit) => [key, method, range].join('\n')

function slotOf({ key, request: { method }, range }: Visit, { status }: EdgeAnswer): string {
  if (method === 'HEAD') return `${key}\nHEAD`
  return status === 206 ? `${key}\n${range}` : key
}

/** What a 304 says anew: all its headers but those of a body that it has not. */
function renewing({ headers }: EdgeAnswer): EdgeAnswer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !['content-length', 'content-type'].includes(name)),
  )
}

/** Whether the edge can tell that the body broke off: shorter than its length, or chunked without its last chunk. */
function isTruncated({ request: { method } }: Visit, { headers, body, complete }: EdgeAnswer): boolean {
  if (method === 'HEAD') return false
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (length !== undefined) return body.length !== Number(length)
  return encoding === 'chunked' && complete === false
}
