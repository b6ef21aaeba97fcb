import { describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { observeStore } from '../../src/storage/observed-store.ts'
import { createRecordView, createSourceView } from '../../src/storage/source-view.ts'

const usual = ['items/', 'profiles/']

/** A store that says it has everything, and counts how often it is asked. */
async function startCounting(key: string) {
  const memory = createMemoryObjectStore()
  if (Buffer.byteLength(key) <= 1024 && key !== '' && !/\p{Surrogate}/u.test(key)) {
    await memory.put(key, Buffer.from('x'), { contentType: 'image/jpeg' })
  }
  const calls: string[] = []
  return { store: observeStore(memory, ({ verb }) => calls.push(verb)), calls }
}

describe('source view', () => {
  test.each([
    ['items/42/photos/1/original-a.jpg', usual],
    ['profiles/7/photo/1/original-a.jpg', usual],
    ['items/a b/ä.jpg', usual],
    ['items/.hidden/...jpg', usual],
    ['items/a.json.jpg', usual],
    ['other/img/a.jpg', ['*']],
    ['images/a.jpg', ['*']],
    ['a.jpg', ['*']],
    ['imported/2024/a.jpg', ['imported/']],
    [`items/${'a'.repeat(1018)}`, usual],
  ])('shows %s', async (key, prefixes) => {
    const { store, calls } = await startCounting(key)
    const view = createSourceView(store, prefixes)
    expect(await view.head(key)).toMatchObject({ key })
    expect(await view.get(key)).toMatchObject({ outcome: 'found' })
    expect(calls).toEqual(['head', 'get'])
  })

  test.each([
    ['other/a.jpg', usual],
    ['items', usual],
    ['itemsX/a.jpg', usual],
    ['Items/a.jpg', usual],
    ['img/items/42/@abcdefghijklmno/w800.webp', ['*']],
    ['private/a.jpg', ['*']],
    ['system/journal', ['*']],
    ['temp/uploads/1/a.jpg', ['*', 'temp/']],
    ['verification/7/passport/1/a.jpg', ['*', 'verification/']],
    ['items/42/album.json', usual],
    ['items/42/album.JSON', usual],
    ['items/.json', usual],
    ['items//a.jpg', usual],
    ['items/a/', usual],
    ['/items/a.jpg', ['*']],
    ['items/../img/a.jpg', usual],
    ['items/./a.jpg', usual],
    ['items/..', usual],
    ['items/a\\b.jpg', usual],
    ['items/a\u0000.jpg', usual],
    ['items/a\n.jpg', usual],
    ['items/a\u007f.jpg', usual],
    ['items/a\u0085.jpg', usual],
    ['items/\uD800.jpg', usual],
    ['', ['*']],
    [`items/${'a'.repeat(1019)}`, usual],
    [`items/${'ä'.repeat(510)}`, usual],
    ['a.jpg', []],
  ])('hides %j without asking the bucket', async (key, prefixes) => {
    const { store, calls } = await startCounting(key)
    const view = createSourceView(store, prefixes)
    expect(await view.head(key)).toBeUndefined()
    expect(await view.get(key)).toEqual({ outcome: 'absent' })
    expect(calls).toEqual([])
  })

  test('passes conditions on', async () => {
    const { store } = await startCounting('items/a.jpg')
    const view = createSourceView(store, usual)
    expect(await view.get('items/a.jpg', { ifMatch: '"other"' })).toEqual({ outcome: 'changed' })
  })

  test.each(['items', '', '/', '**'])('does not take %j for a prefix', (prefix) => {
    expect(() => createSourceView(createMemoryObjectStore(), [prefix])).toThrow(TypeError)
  })
})

describe('record view', () => {
  test.each([
    ['items/42/album.json', usual],
    ['profiles/u-7_a.b/profile.json', usual],
    ['items/42/album.json', ['*']],
  ])('shows %s', async (key, prefixes) => {
    const { store, calls } = await startCounting(key)
    expect(await createRecordView(store, prefixes).get(key)).toMatchObject({ outcome: 'found' })
    expect(calls).toEqual(['get'])
  })

  test.each([
    ['items/42/profile.json', usual],
    ['profiles/42/album.json', usual],
    ['items/42/album.json.bak', usual],
    ['items/42/photos/album.json', usual],
    ['items/.42/album.json', usual],
    ['items/../album.json', usual],
    [`items/${'a'.repeat(129)}/album.json`, usual],
    ['items/42/album.json\n', usual],
    ['x/items/42/album.json', ['*']],
    ['system/journal.json', ['*']],
    ['items/42/album.json', ['profiles/']],
  ])('hides %j', async (key, prefixes) => {
    const { store, calls } = await startCounting(key)
    expect(await createRecordView(store, prefixes).get(key)).toEqual({ outcome: 'absent' })
    expect(calls).toEqual([])
  })
})
