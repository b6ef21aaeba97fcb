import { expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { observeStore } from '../../src/storage/observed-store.ts'
import { specName } from '../../src/transform/spec.ts'
import { OffLadderStock } from '../../src/variants/off-ladder-stock.ts'

const PREFIX = 'img/photos/a.jpg/@AAAAAAAAAAAAbbb/'

/** Widths that are no multiple of a hundred are off the ladder here. */
function openStock(maxStored: number) {
  const bucket = createMemoryObjectStore()
  const calls: string[] = []
  const store = observeStore(bucket, ({ verb }) => calls.push(verb))
  const open = () =>
    new OffLadderStock({
      store,
      maxStored,
      isOffLadder: (spec) => spec.fit === 'width' && spec.width % 100 !== 0,
      timeoutMs: 10_000,
    })
  return {
    open,
    put: async (name: string) =>
      bucket.put(`${PREFIX}${name}`, Buffer.from('x'), { contentType: 'image/webp' }),
    remove: async (name: string) => bucket.delete([`${PREFIX}${name}`]),
    verbs: () => calls.splice(0),
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
