import { type ErrorCode, GatewayError } from '../errors.ts'
import { batchesOf } from './batches.ts'
import type {
  CallOptions,
  GetResult,
  ListedObject,
  ListOptions,
  ObjectStore,
  PutResult,
} from './object-store.ts'

/** One call to the bucket, as it ended. */
export interface StoreCall {
  readonly verb: 'head' | 'get' | 'put' | 'delete' | 'list' | 'upload' | 'download' | 'copy' | 'move'
  readonly outcome: StoreOutcome
  readonly seconds: number
}

/** How a call ended: its result, the code of its error, `aborted` by the caller, or `failed` otherwise. */
export type StoreOutcome =
  | GetResult['outcome']
  | PutResult['outcome']
  | 'deleted'
  | 'copied'
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
  return {
    head: (key, options) =>
      observe(observer, { verb: 'head', ...options }, () => store.head(key, options), foundOrAbsent),
    get: (key, options) =>
      observe(observer, { verb: 'get', ...options }, () => store.get(key, options), outcomeOf),
    put: (key, bytes, options) =>
      observe(observer, { verb: 'put', ...options }, () => store.put(key, bytes, options), outcomeOf),
    delete: async (keys, options) => {
      for (const batch of batchesOf(keys)) {
        await observe(observer, { verb: 'delete', ...options }, () => store.delete(batch, options), deleted)
      }
    },
    list: (prefix, options) => observeList(store, observer, prefix, options),
  }
}

/** Does one call and reports how it ended. */
export async function observe<T>(
  observer: StoreObserver,
  { verb, signal }: Pick<StoreCall, 'verb'> & CallOptions,
  work: () => Promise<T>,
  outcomeOf: (result: T) => StoreOutcome,
): Promise<T> {
  const startedAt = performance.now()
  let outcome: StoreOutcome = 'failed'
  try {
    const result = await work()
    outcome = outcomeOf(result)
    return result
  } catch (error) {
    outcome = failureOutcome(error, signal)
    throw error
  } finally {
    observer({ verb, outcome, seconds: secondsSince(startedAt) })
  }
}

async function* observeList(
  store: ObjectStore,
  observer: StoreObserver,
  prefix: string,
  options: ListOptions = {},
): AsyncGenerator<ListedObject> {
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
      // From here on the next page may be on its way: what the reader took is not the store's time.
      startedAt = performance.now()
    }
  } catch (error) {
    report(failureOutcome(error, options.signal))
    throw error
  }
}

const foundOrAbsent = (facts: unknown) => (facts === undefined ? 'absent' : 'found')

const deleted = () => 'deleted' as const

const outcomeOf = (result: GetResult | PutResult) => result.outcome

function failureOutcome(error: unknown, signal: AbortSignal | undefined): StoreOutcome {
  if (signal?.aborted) return 'aborted'
  return error instanceof GatewayError ? error.code : 'failed'
}

const secondsSince = (startedAt: number) => (performance.now() - startedAt) / 1000
