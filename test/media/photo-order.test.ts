import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type OrderReading, readOrderCsv, readOrderJson } from '../../src/media/photo-order.ts'

const readCsv = (text: string) => readOrderCsv(Readable.from([Buffer.from(text)]))

function plain(reading: OrderReading): unknown {
  if (reading.outcome === 'faulty') return reading.faults
  return Object.fromEntries(
    [...reading.order].map(([item, { photos, owner }]) => [item, { photos: [...photos], owner }]),
  )
}

describe('CSV', () => {
  test('gives the photos of each item in the order of the lines, wherever they stand', async () => {
    const text = 'item,photo\n42,p2\n43,a\n42,p1\n'
    expect(plain(await readCsv(text))).toEqual({
      42: { photos: ['p2', 'p1'], owner: undefined },
      43: { photos: ['a'], owner: undefined },
    })
  })

  test('takes columns in any order, quotes, a byte order mark, CRLF, empty lines, and an owner on one line only', async () => {
    const text = '\ufeffowner,photo,item\r\n"auth0|a, b",p1,42\r\n\r\n,p2,42\r\n'
    expect(plain(await readCsv(text))).toEqual({ 42: { photos: ['p1', 'p2'], owner: 'auth0|a, b' } })
  })

  test('may name owners alone', async () => {
    expect(plain(await readCsv('item,owner\n42,u7\n'))).toEqual({ 42: { photos: [], owner: 'u7' } })
  })

  test.each([
    ['', 'line 1: there is nothing: expected are item, and photo or owner'],
    ['42,p1\n', 'line 1: "42,p1" does not name the columns'],
    ['item;photo\n', 'line 1: "item;photo" does not name the columns'],
    ['item\n42\n', 'line 1: "item" does not name the columns'],
    ['item,item\n', 'line 1: "item,item" does not name the columns'],
    ['item,photo,rank\n', 'line 1: "item,photo,rank" does not name the columns'],
    ['item,photo\n42,p1\n4 2,p1\n', 'line 3: "4 2" is no item id'],
    ['item,photo\n42,../p1\n', 'line 2: "../p1" is no photo id'],
    ['item,photo\n42,\n', 'line 2: "" is no photo id'],
    ['item,photo\n42,p1\n\n43,p1\n42,p1\n', 'line 5: photo p1 of item 42 is named before'],
    ['item,owner\n42,u1\n42,u2\n', 'line 3: item 42 has the owners "u1" and "u2"'],
    ['item,photo\n42,p1,x\n', 'not CSV: Invalid Record Length'],
    ['item,photo\n42,"p1\n', 'not CSV: Quote Not Closed'],
  ])('%j is refused: %s', async (text, fault) => {
    expect(plain(await readCsv(text))).toEqual([expect.stringContaining(fault)])
  })

  test('names the line of what is no CSV', async () => {
    expect(plain(await readCsv('item,photo\n42,p1\n42,p2,x\n'))).toEqual([
      expect.stringContaining('on line 3'),
    ])
  })

  test('names the first twenty faults and counts the rest', async () => {
    const faults = plain(await readCsv(`item,photo\n${'?,p1\n'.repeat(25)}`))
    expect(faults).toHaveLength(21)
    expect(faults).toContain('and 5 more')
  })

  test('fails as its input does', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('disk'))
      },
    })
    await expect(readOrderCsv(broken)).rejects.toThrow('disk')
  })
})

describe('JSON', () => {
  test('gives photos in order, owners, or both', () => {
    const text = '[{"item":"42","photos":["p2","p1"]},{"item":"43","owner":"u7"}]'
    expect(plain(readOrderJson(text))).toEqual({
      42: { photos: ['p2', 'p1'], owner: undefined },
      43: { photos: [], owner: 'u7' },
    })
  })

  test.each([
    ['[', 'not JSON: '],
    ['{}', 'the whole: '],
    ['[{"photos":[]}]', 'entry 1, item: '],
    ['[{"item":"1"},{"item":"2","photos":["a",7]}]', 'entry 2, photos 2: '],
    ['[{"item":"1","order":[]}]', 'entry 1: Unrecognized key: "order"'],
    ['[{"item":"1","owner":""}]', 'entry 1, owner: '],
    ['[{"item":"1"},{"item":"1"}]', 'entry 2: item 1 is named before'],
    ['[{"item":"1","photos":["a","a"]}]', 'entry 1: photo a of item 1 is named before'],
    ['[{"item":".."}]', 'entry 1: ".." is no item id'],
  ])('%s is refused: %s', (text, fault) => {
    expect(plain(readOrderJson(text))).toEqual([expect.stringContaining(fault)])
  })
})

test('the examples of docs/library.md are understood', async () => {
  const text = readFileSync('docs/library.md', 'utf8')
  const example = (language: string) =>
    new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(text)?.[1] ?? ''
  const album = { photos: ['front', 'back'], owner: 'u7' }
  expect(plain(await readCsv(example('csv')))).toEqual({ 42: album, 43: { photos: ['1'], owner: 'u8' } })
  expect(plain(readOrderJson(example('json')))).toEqual({ 42: album, 43: { photos: [], owner: 'u8' } })
})
