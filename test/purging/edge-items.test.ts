import { describe, expect, test } from 'vitest'
import { collapse, edgeItems } from '../../src/purging/edge-items.ts'

const tags = { by: 'tags', signed: false } as const
const paths = { by: 'paths', signed: false } as const
const of = (...changed: string[]) => [{ paths: changed }]

describe('by tags', () => {
  test.each([
    ['an item', of('items/42'), ['#item:42']],
    ['a photo', of('items/42/photos/p1'), ['#photo:42%2Fp1']],
    ['a profile', of('profiles/ana'), ['#profile:ana']],
    ['a key', of('photos/a b.jpg'), ['#key:photos%2Fa%20b.jpg']],
    ['a key with what is a wildcard in items', of('photos/a*.jpg'), ['#key:photos%2Fa%2A.jpg']],
    ['what is said twice', [...of('items/1', 'items/1'), ...of('items/1')], ['#item:1']],
    [
      'a photo of an item that goes too',
      of('items/1/photos/a', 'items/1', 'items/2'),
      ['#item:1', '#item:2'],
    ],
    ['a file of a photo that goes too', of('items/1/photos/a/x.jpg', 'items/1/photos/a'), ['#photo:1%2Fa']],
    ['keys beside each other', of('photos/a', 'photos/a/b'), ['#key:photos%2Fa', '#key:photos%2Fa%2Fb']],
    ['a folder', of('photos/2024/'), ['/img/photos/2024/*']],
    ['what lies in a folder that goes too', of('items/', 'items/42', 'items/1/photos/p'), ['/img/items/*']],
    ['a folder in a folder', of('photos/', 'photos/2024/'), ['/img/photos/*']],
  ])('%s', (_, purges, expected) => {
    expect(edgeItems(purges, tags)).toEqual(expected)
  })

  test('a value that makes a tag too long is hashed as in the answer', () => {
    const [item = ''] = edgeItems(of(`photos/${'ü'.repeat(200)}`), tags)
    expect(item).toMatch(/^#key:~[\w-]{43}$/)
  })

  test('what somebody spelt as the edge does goes as it is', () => {
    const edge = ['#kind:items', '/auto/*', '/img/items/1/800.webp']
    expect(edgeItems([{ paths: ['items/1'], edge }], tags)).toEqual(['#item:1', ...edge])
  })
})

describe('by paths', () => {
  test.each([
    ['an item', of('items/42'), ['/img/items/42/*']],
    ['a photo, whose item may show it as its cover', of('items/42/photos/p1'), ['/img/items/42/*']],
    ['a key, encoded as in requests', of('photos/a b,ü.jpg'), ['/img/photos/a%20b%2C%C3%BC.jpg/*']],
    ['a key with what invalidations do not know', of('photos/a~b/c.jpg'), ['/img/photos/a*']],
    ['what lies below another', of('photos/a/b', 'photos/a'), ['/img/photos/a/*']],
    ['what no URL can name', of('photos//a', 'photos/../b'), []],
    [
      'a path below a wildcard',
      [{ paths: ['items/1'], edge: ['/img/items/1/800.webp'] }],
      ['/img/items/1/*'],
    ],
  ])('%s', (_, purges, expected) => {
    expect(edgeItems(purges, paths)).toEqual(expected)
  })

  test('signed paths go together: their signature stands before their item', () => {
    expect(edgeItems(of('items/1', 'items/2'), { by: 'paths', signed: true })).toEqual([
      '/img/items/1/*',
      '/simg/*',
      '/img/items/2/*',
    ])
  })
})

test('many things become the few wildcards that cover them', () => {
  const items = ['#item:1', '#photo:2%2Fp', '#profile:ana', '/img/items/3/*', '/other/x']
  expect(collapse(items, tags)).toEqual(['/img/items/*', '/img/profiles/*', '/other/x'])
  expect(collapse(['#key:a', '#item:1'], tags)).toEqual(['/img/*'])
  expect(collapse(['#item:1'], { by: 'tags', signed: true })).toEqual(['/img/items/*', '/simg/*'])
})

describe('originals that the edge may keep, found by tags like pictures', () => {
  const kept = { ...tags, originals: true }
  const both = ['/img/items/*', '/api/v1/items/*']
  test.each([
    ['an item', of('items/42'), ['#item:42']],
    ['a folder of items', of('items/'), both],
    ['what lies in it', of('items/', 'items/42'), both],
    ['one of profiles', of('profiles/ana/'), ['/img/profiles/ana/*', '/api/v1/profiles/ana/*']],
    ['a folder of keys', of('photos/'), ['/img/photos/*']],
  ])('%s', (_, purges, expected) => {
    expect(edgeItems(purges, kept)).toEqual(expected)
  })

  test('and gone with all others when many become few', () => {
    expect(collapse(['#item:1', '#photo:2%2Fp', '/api/v1/items/3/*'], kept)).toEqual(both)
    expect(collapse(['#profile:ana'], kept)).toEqual(['/img/profiles/*', '/api/v1/profiles/*'])
    expect(collapse(['#item:1'], tags)).toEqual(['/img/items/*'])
  })
})

describe('pictures in other dialects', () => {
  const others = ['/cdn-cgi/image/*', '/images/*']
  const told = { ...tags, others }

  test('are found by their tags, but where paths are named or many things become few', () => {
    expect(edgeItems(of('items/42'), told)).toEqual(['#item:42'])
    expect(edgeItems(of('items/'), told)).toEqual(['/img/items/*', ...others])
    expect(collapse(['#item:1', '#item:2'], told)).toEqual(['/img/items/*', ...others])
    expect(collapse(['#variant:thumb'], told)).toEqual(others)
    expect(collapse(['/other/x'], told)).toEqual(['/other/x'])
  })

  test('are not kept for long by an edge that knows paths alone', () => {
    expect(edgeItems(of('items/'), { ...told, by: 'paths' })).toEqual(['/img/items/*'])
    expect(collapse(['/img/items/1/*'], { ...told, by: 'paths' })).toEqual(['/img/items/*'])
  })
})
