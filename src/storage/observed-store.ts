import { type ErrorCode, GatewayError } from '../errors.ts'
import { batchesOf } from './batches.ts'
import type { CallOptions, GetResult, ListOptions, ObjectStore, PutResult } from './object-store.ts'

/** One call to the bucket, as it ended. */
export interface StoreCall {
  readonly verb: 'head' | 'get' | 'put' | 'delete' | 'list'
  readonly outcome: StoreOutcome
  readonly seconds: number
}

/** How a call ended: its result, the code of its error, `aborted` by the caller, or `failed` otherwise. */
export type StoreOutcome =
  | GetResult['outcome']
  | PutResult['outcome']
  | 'deleted'
  | 'page'
  | ErrorCode
  | 'aborted'
  | 'failed'

/** Told of every call once it has ended: metrics, budgets. It must not throw. */
export type StoreObserver = (call: StoreCall) => void

/**
 * The same store, with every call to the bucket reported: one for each head, get and put, for each page of a listing
 * (the time its reader takes is not counted) and for each thousand deleted keys.
 */
export function observeStore(store: ObjectStore, observer: StoreObserver): ObjectStore {
  async function observe<T>(
    { verb, signal }: Pick<StoreCall, 'verb'> & CallOptions,
    work: () => Promise<T>,
    outcomeOf: (result: T) => StoreOutcome,
  ): Promise<T> {
    const startedAt = performance.now()
    const report = (outcome: StoreOutcome) => observer({ verb, outcome, seconds: secondsSince(startedAt) })
    let result: T
    try {
      result = await work()
    } catch (error) {
      report(failureOutcome(error, signal))
      throw error
    }
    report(outcomeOf(result))
    return result
  }

  async function deleteKeys(keys: readonly string[], options?: CallOptions): Promise<void> {
    for (const batch of batchesOf(keys)) {
      const call = { verb: 'delete', signal: options?.signal } as const
      await observe(
        call,
        () => store.delete(batch, options),
        () => 'deleted',
      )
    }
  }

  async function* list(prefix: string, options: ListOptions = {}) {
    let startedAt = performance.now()
    const report = (outcome: StoreOutcome) =>
      observer({ verb: 'list', outcome, seconds: secondsSince(startedAt) })
    const onPage = () => {
      report('page')
      startedAt = performance.now()
      options.onPage?.()
    }
    try {
      for await (const object of store.list(prefix, { ...options, onPage })) {
        yield object
        startedAt = performance.now()
      }
    } catch (error) {
      report(failureOutcome(error, options.signal))
      throw error
    }
  }

  return {
    head: (key, options) =>
      observe({ verb: 'head', signal: options?.signal }, () => store.head(key, options), foundOrAbsent),
    get: (key, options) =>
      observe({ verb: 'get', signal: options?.signal }, () => store.get(key, options), outcomeOf),
    put: (key, bytes, options) =>
      observe({ verb: 'put', signal: options.signal }, () => store.put(key, bytes, options), outcomeOf),
    delete: deleteKeys,
    list,
  }
}

const foundOrAbsent = (facts: unknown) => (facts === undefined ? 'absent' : 'found')

const outcomeOf = (result: GetResult | PutResult) => result.outcome

function failureOutcome(error: unknown, signal: AbortSignal | undefined): StoreOutcome {
  if (signal?.aborted) return 'aborted'
  return error instanceof GatewayError ? error.code : 'failed'
}

const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1000
