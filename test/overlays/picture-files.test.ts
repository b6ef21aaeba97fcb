import { expect, it } from 'vitest'
import { PictureFiles } from '../../src/overlays/picture-files.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { observeStore, type StoreCall } from '../../src/storage/observed-store.ts'

async function open(ttlMs: number) {
  const calls: StoreCall[] = []
  const store = createMemoryObjectStore()
  const put = async (text: string) => store.put('a', Buffer.from(text), { contentType: 'image/png' })
  await put('one')
  const observed = observeStore(store, (call) => calls.push(call))
  const files = new PictureFiles({
    get: async (key, options) => observed.get(key, options),
    maxBytes: 10,
    memoryBytes: 100,
    ttlMs,
    timeoutMs: 10_000,
  })
  const read = async () => Buffer.from((await files.find('a')) ?? []).toString()
  return { store, put, files, read, calls }
}

it('a file that is old is asked for again, and comes only if it has changed', async () => {
  const { read, put, calls } = await open(0)
  const first = await read()
  const again = await read()
  await put('two')
  const changed = await read()
  expect([first, again, changed]).toEqual(['one', 'one', 'two'])
  expect(calls).toHaveLength(3)
})

it('a file that is new enough is not asked for', async () => {
  const { read, put, calls } = await open(60_000)
  await read()
  await put('two')
  expect(await read()).toBe('one')
  expect(calls).toHaveLength(1)
})

it('a file that has gone, or has grown too large, is not given out any more', async () => {
  const { read, put, files, store } = await open(0)
  await read()
  await put('much too large')
  await expect(read()).rejects.toMatchObject({ code: 'overlay_unusable' })
  await store.delete(['a'])
  expect(await files.find('a')).toBeUndefined()
})
