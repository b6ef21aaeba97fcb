import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { observeStore, type StoreCall } from '../../src/storage/observed-store.ts'

const jpeg = { contentType: 'image/jpeg' }

function observed(store: ObjectStore = createMemoryObjectStore()) {
  const seen: StoreCall[] = []
  return {
    store: observeStore(store, (call) => seen.push(call)),
    calls: () => seen.splice(0).map(({ verb, outcome }) => `${verb} ${outcome}`),
    seen,
  }
}

describe('an observed store', () => {
  test('reports each call once, with how it ended', async () => {
    const { store, calls } = observed()
    await store.head('a')
    await store.get('a')
    await store.put('a', Buffer.from('x'), { ...jpeg, ifNoneMatch: '*' })
    await store.put('a', Buffer.from('x'), { ...jpeg, ifNoneMatch: '*' })
    await store.head('a')
    await store.get('a')
    await store.get('a', { maxBytes: 0 })
    await store.get('a', { ifMatch: '"other"' })
    await store.delete(['a'])
    expect(calls()).toEqual([
      'head absent',
      'get absent',
      'put stored',
      'put conflict',
      'head found',
      'get found',
      'get too-large',
      'get changed',
      'delete deleted',
    ])
  })

  test('reports a listing once a page, also to who asked for pages', async () => {
    const { store, calls } = observed()
    for (let n = 0; n < 1001; n += 1) await store.put(`k${n}`, Buffer.from('x'), jpeg)
    calls()
    let pages = 0
    const keys: string[] = []
    for await (const { key } of store.list('k', { onPage: () => (pages += 1) })) keys.push(key)
    expect([pages, keys.length]).toEqual([2, 1001])
    expect(calls()).toEqual(['list page', 'list page'])
    await store.list('k')[Symbol.asyncIterator]().next()
    expect(calls()).toEqual(['list page'])
    for await (const { key } of store.list('none')) keys.push(key)
    expect(calls()).toEqual(['list page'])
  })

  test('reports a deletion once a thousand keys', async () => {
    const { store, calls } = observed()
    await store.delete(Array.from({ length: 2500 }, (_, n) => `k${n}`))
    expect(calls()).toEqual(['delete deleted', 'delete deleted', 'delete deleted'])
  })

  test('leaves out the time that the reader of a listing takes', async () => {
    const { store, seen } = observed()
    for (let n = 0; n < 1001; n += 1) await store.put(`k${n}`, Buffer.from('x'), jpeg)
    seen.length = 0
    const startedAt = performance.now()
    for await (const { key } of store.list('k')) {
      // One reader takes its time over one object, in the first page.
      if (key === 'k1') while (performance.now() - startedAt < 500) await new Promise(setImmediate)
    }
    const reported = seen.reduce((sum, { seconds }) => sum + seconds, 0)
    expect(reported).toBeLessThan((performance.now() - startedAt) / 1000 - 0.25)
  })

  test('reports failures by their code, and what the caller ended as aborted', async () => {
    const failing: ObjectStore = {
      head: () => Promise.reject(new GatewayError('bucket_refused', 'no')),
      get: () => Promise.reject(new TypeError('a bug')),
      put: () => Promise.reject(new GatewayError('timed_out', 'slow')),
      delete: () => Promise.reject(new GatewayError('bucket_unreachable', 'gone')),
      // oxlint-disable-next-line require-yield -- it fails before its first object
      async *list() {
        throw new GatewayError('bucket_unreachable', 'gone')
      },
    }
    const { store, calls } = observed(failing)
    await expect(store.head('a')).rejects.toThrow('no')
    await expect(store.get('a')).rejects.toThrow('a bug')
    await expect(store.put('a', Buffer.from('x'), jpeg)).rejects.toThrow('slow')
    await expect(store.delete(['a'])).rejects.toThrow('gone')
    await expect(store.list('a')[Symbol.asyncIterator]().next()).rejects.toThrow('gone')
    expect(calls()).toEqual([
      'head bucket_refused',
      'get failed',
      'put timed_out',
      'delete bucket_unreachable',
      'list bucket_unreachable',
    ])
    const memory = observed()
    await expect(memory.store.get('a', { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow(
      'left',
    )
    expect(memory.calls()).toEqual(['get aborted'])
  })
})
