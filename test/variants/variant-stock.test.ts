import { expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { observeStore } from '../../src/storage/observed-store.ts'
import type { CountedKind } from '../../src/transform/size-policy.ts'
import { sizeOf, specName, type VariantSpec } from '../../src/transform/spec.ts'
import { VariantStock } from '../../src/variants/variant-stock.ts'

const PREFIX = 'img/photos/a.jpg/@AAAAAAAAAAAAbbb/'

/** Widths that are no multiple of a hundred are off the ladder here, and edits vary what is on it. */
function kindOf(spec: VariantSpec): CountedKind | undefined {
  const size = sizeOf(spec)
  if (size?.fit !== 'width') return undefined
  if (size.width % 100 !== 0) return 'off-ladder'
  return size.edits && 'varied'
}

function openStock(maxStored: number, maxVaried = 8) {
  const bucket = createMemoryObjectStore()
  const calls: string[] = []
  let away = false
  const observed = observeStore(bucket, ({ verb }) => calls.push(verb))
  const store: Pick<ObjectStore, 'list'> = {
    list: (prefix, options) => {
      if (!away) return observed.list(prefix, options)
      calls.push('list')
      throw new GatewayError('bucket_unreachable', 'The bucket does not answer')
    },
  }
  const maxOf = { 'off-ladder': maxStored, varied: maxVaried }
  const open = () => new VariantStock({ store, maxStored: maxOf, kindOf, timeoutMs: 10_000 })
  return {
    open,
    put: async (name: string) =>
      bucket.put(`${PREFIX}${name}`, Buffer.from('x'), { contentType: 'image/webp' }),
    remove: async (name: string) => bucket.delete([`${PREFIX}${name}`]),
    verbs: () => calls.splice(0),
    setAway: (value: boolean) => void (away = value),
  }
}

test('admits as many as there is room for, beside what others have stored', async () => {
  const { open, put, verbs } = openStock(4)
  const stock = open()
  for (const name of ['800.webp', '900.webp', '1000.webp', 'info.json', '801.webp']) await put(name)
  const asked = ['1.webp', '2.webp', '3.webp', '4.webp', '5.webp']
  const admitted = await Promise.all(asked.map(async (name) => stock.admit(`${PREFIX}${name}`)))
  expect(admitted.filter(Boolean)).toHaveLength(3)
  // Together they needed one look; what is full is not looked at again.
  expect(verbs()).toEqual(['list'])
  expect(await stock.admit(`${PREFIX}6.webp`)).toBe(false)
  expect(verbs()).toEqual([])
})

test('sees before each store what another replica has stored', async () => {
  const { open, put } = openStock(4)
  const stocks = [open(), open()]
  let stored = 0
  for (let width = 1; width < 50; width += 1) {
    const name = `${width}.webp`
    const stock = stocks[width % 2]
    if (!(await stock?.admit(`${PREFIX}${name}`))) continue
    await put(name)
    stored += 1
  }
  expect(stored).toBe(4)
})

test('counts each version by itself, and admits none where none is to be stored', async () => {
  const { open, verbs } = openStock(1)
  const stock = open()
  const other = PREFIX.replace('AAAA', 'BBBB')
  expect(await stock.admit(`${PREFIX}1.webp`)).toBe(true)
  expect(await stock.admit(`${other}1.webp`)).toBe(true)
  expect(await stock.admit(`${PREFIX}2.webp`)).toBe(false)
  verbs()
  const none = openStock(0)
  expect(await none.open().admit(`${PREFIX}1.webp`)).toBe(false)
  expect(none.verbs()).toEqual([])
})

test('knows what lies beside a picture, what was made here since, and nothing that was forgotten', async () => {
  const { open, put, remove, verbs } = openStock(4)
  const stock = open()
  const beside = async () => (await stock.beside(`${PREFIX}1.webp`)).map(specName).toSorted()
  await put('800.webp')
  await put('thumbhash')
  await put('notes.txt')
  expect(await beside()).toEqual(['800.webp'])
  stock.note(`${PREFIX}900.webp`)
  stock.note(`${PREFIX}info.json`)
  expect(await beside()).toEqual(['800.webp', '900.webp'])
  expect(verbs()).toEqual(['list'])
  await remove('800.webp')
  stock.forget(['img/photos/a.jpg/'])
  expect(await beside()).toEqual([])
  expect(verbs()).toEqual(['list'])
})

test('takes a version with more pictures than it reads for full', async () => {
  const { open, put } = openStock(500)
  const stock = open()
  await Promise.all(Array.from({ length: 1_001 }, async (_, index) => put(`${(index + 1) * 100}.webp`)))
  expect(await stock.admit(`${PREFIX}1.webp`)).toBe(false)
})

test('counts how large pictures would be, and what nobody can read, as much as pictures', async () => {
  const { open, put } = openStock(2)
  for (const name of ['801.json', 'notes.txt']) await put(name)
  expect(await open().admit(`${PREFIX}1.webp`)).toBe(false)
})

test('counts edited pictures by themselves, and looks again before it stores the later half of them', async () => {
  const { open, put, verbs } = openStock(1, 4)
  const stock = open()
  const admit = async (name: string) => stock.admit(`${PREFIX}${name}`)
  expect(await admit('801.webp')).toBe(true)
  expect(await admit('800,flip=h.webp')).toBe(true)
  expect(await admit('800,flip=v.webp')).toBe(true)
  expect(verbs()).toEqual(['list'])
  await put('900,flip=h.webp')
  expect(await admit('800,flip=hv.webp')).toBe(true)
  expect(verbs()).toEqual(['list'])
  expect(await admit('900,flip=v.webp')).toBe(false)
  expect(await admit('802.webp')).toBe(false)
  expect(verbs()).toEqual([])
  // Of these there are few anyway.
  expect([await admit('800.webp'), await admit('info.json')]).toEqual([true, true])
  expect(verbs()).toEqual([])
})

test('does not ask again at once when a listing has failed, and knows what has gone', async () => {
  const { open, put, verbs, setAway } = openStock(4)
  const stock = open()
  const beside = async () => (await stock.beside(`${PREFIX}1.webp`)).map(specName)
  setAway(true)
  const asked = await Promise.allSettled([beside(), beside(), stock.admit(`${PREFIX}1.webp`)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  await expect(beside()).rejects.toMatchObject({ code: 'bucket_unreachable' })
  expect(verbs()).toEqual(['list'])
  setAway(false)
  await put('800.webp')
  await vi.waitFor(async () => expect(await beside()).toEqual(['800.webp']), { timeout: 5_000 })
  stock.noteGone(`${PREFIX}800.webp`)
  expect(await beside()).toEqual([])
  expect(verbs()).toEqual(['list'])
})

test('hears a listing to its end even when nobody waits for it any more', async () => {
  const { open, put, verbs } = openStock(4)
  await put('800.webp')
  const stock = open()
  const leaving = new AbortController()
  const left = stock.beside(`${PREFIX}1.webp`, leaving.signal)
  leaving.abort(new Error('Gone'))
  await expect(left).rejects.toThrow('Gone')
  expect((await stock.beside(`${PREFIX}1.webp`)).map(specName)).toEqual(['800.webp'])
  expect(verbs()).toEqual(['list'])
})
