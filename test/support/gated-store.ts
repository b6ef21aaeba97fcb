import { GatewayError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

type Verb = 'head' | 'get' | 'put' | 'delete'

interface Gate {
  readonly verb: Verb
  readonly matches: (key: string) => boolean
  readonly reach: () => void
  readonly released: Promise<void>
}

/** A store whose calls can be held in mid-air, or made to fail as if the bucket were away. */
export function gateStore(store: ObjectStore) {
  const gates = new Set<Gate>()
  let away = false

  async function pass(verb: Verb, key: string, signal?: AbortSignal): Promise<void> {
    if (away) throw new GatewayError('bucket_unreachable', 'The bucket does not answer')
    const gate = [...gates].find((gate) => gate.verb === verb && gate.matches(key))
    if (gate === undefined) return
    gates.delete(gate)
    gate.reach()
    await Promise.race([gate.released, abortOf(signal)])
  }

  const gated: ObjectStore = {
    head: async (key, options) => (await pass('head', key, options?.signal), store.head(key, options)),
    get: async (key, options) => (await pass('get', key, options?.signal), store.get(key, options)),
    put: async (key, bytes, options) => (
      await pass('put', key, options.signal), store.put(key, bytes, options)
    ),
    delete: async (keys, options) => {
      await pass('delete', keys[0] ?? '', options?.signal)
      return store.delete(keys, options)
    },
    list: (prefix, options) => store.list(prefix, options),
  }

  return {
    store: gated,
    /** Holds the next such call before it reaches the store. */
    hold(verb: Verb, matches: (key: string) => boolean) {
      const ends: { reached?: () => void; release?: () => void } = {}
      const reached = new Promise<void>((resolve) => (ends.reached = resolve))
      const released = new Promise<void>((resolve) => (ends.release = resolve))
      gates.add({ verb, matches, reach: () => ends.reached?.(), released })
      return { reached, release: () => ends.release?.() }
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
