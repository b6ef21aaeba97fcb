import { GatewayError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

type Verb = 'head' | 'get' | 'put' | 'delete'

/** Before a call reaches the store, or when its answer is on the way back. */
type Way = 'there' | 'back'

interface Gate {
  readonly verb: Verb
  readonly way: Way
  readonly matches: (key: string) => boolean
  readonly reach: () => void
  readonly released: Promise<void>
}

interface Call {
  readonly verb: Verb
  readonly key: string
  readonly signal?: AbortSignal | undefined
}

/** A store whose calls can be held in mid-air, or made to fail as if the bucket were away. */
export function gateStore(store: ObjectStore) {
  const gates = new Set<Gate>()
  let away = false

  async function hold(way: Way, { verb, key, signal }: Call): Promise<void> {
    const gate = [...gates].find((gate) => gate.verb === verb && gate.way === way && gate.matches(key))
    if (gate === undefined) return
    gates.delete(gate)
    gate.reach()
    await Promise.race([gate.released, abortOf(signal)])
  }

  async function pass<T>(call: Call, work: () => Promise<T>): Promise<T> {
    if (away) throw new GatewayError('bucket_unreachable', 'The bucket does not answer')
    await hold('there', call)
    const result = await work()
    await hold('back', call)
    return result
  }

  const gated: ObjectStore = {
    head: async (key, options) => pass({ verb: 'head', key, ...options }, () => store.head(key, options)),
    get: async (key, options) => pass({ verb: 'get', key, ...options }, () => store.get(key, options)),
    put: async (key, bytes, options) =>
      pass({ verb: 'put', key, ...options }, () => store.put(key, bytes, options)),
    delete: async (keys, options) =>
      pass({ verb: 'delete', key: keys[0] ?? '', ...options }, () => store.delete(keys, options)),
    list: (prefix, options) => store.list(prefix, options),
  }

  return {
    store: gated,
    /** Holds the next such call before it reaches the store, or its answer; `release` lets it, or a later one, pass. */
    hold(verb: Verb, matches: (key: string) => boolean, way: Way = 'there') {
      const ends: { reached?: () => void; release?: () => void } = {}
      const reached = new Promise<void>((resolve) => (ends.reached = resolve))
      const released = new Promise<void>((resolve) => (ends.release = resolve))
      const gate = { verb, way, matches, reach: () => ends.reached?.(), released }
      gates.add(gate)
      const release = () => {
        gates.delete(gate)
        ends.release?.()
      }
      return { reached, release }
    },
    /** Takes the bucket away, or gives it back. */
    setAway(value: boolean) {
      away = value
    },
  }
}

/** Rejects when the caller gives up, as a call to a real bucket does. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
}
