import { describe, expect, test } from 'vitest'
import { cacheTags } from '../../src/cdn/cache-tags.ts'
import { parsePurgeRequest, type PurgeRequest, sortPurgeWords } from '../../src/purging/purge-request.ts'
import { parsePresets } from '../../src/transform/presets.ts'
import type { SourcePath } from '../../src/urls/image-request.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'
import { parseSourcePath, remotePath } from '../../src/urls/source-path.ts'

const dialect = createNativeDialect({ presets: parsePresets('card=400'), signingKeys: [] })
const parse = (request: PurgeRequest) => parsePurgeRequest(request, dialect)
const REMOTE = remotePath(new URL('https://shop.test/a.jpg?v=2')).path
const VERSIONED = '/img/items/42/photos/p1/@123456789012345/800.webp'

describe('the words of a command line', () => {
  test.each<[word: string, paths: string[], edge: string[]]>([
    ['items/42', ['items/42'], []],
    ['/img/items/42/', ['items/42'], []],
    ['photos/two%20words.jpg', ['photos/two words.jpg'], []],
    ['photos/two words.jpg', ['photos/two words.jpg'], []],
    ['/img/photos/cat.jpg', ['photos/cat.jpg'], []],
    ['/img/items/42/800.webp', ['items/42'], ['/img/items/42/800.webp']],
    ['/img/items/42/card.jpeg', ['items/42'], ['/img/items/42/card.jpeg']],
    ['https://pictures.test/img/items/42/800.webp?x=1', ['items/42'], ['/img/items/42/800.webp']],
    [
      '/img/photos/two%20words.jpg/800.webp',
      ['photos/two words.jpg'],
      ['/img/photos/two%20words.jpg/800.webp'],
    ],
    [
      '/img/photos/für zwei.jpg/800.webp',
      ['photos/für zwei.jpg'],
      ['/img/photos/f%C3%BCr%20zwei.jpg/800.webp'],
    ],
    ['/img/photos/~me.jpg/800.webp', ['photos/~me.jpg'], []],
    [
      '/simg/c2lnbmF0dXJl/photos/cat.jpg/801.webp',
      ['photos/cat.jpg'],
      ['/simg/c2lnbmF0dXJl/photos/cat.jpg/801.webp'],
    ],
    [VERSIONED, ['items/42/photos/p1'], [VERSIONED]],
    ['photos/800.webp', ['photos/800.webp'], []],
    ['tag:item:42', ['items/42'], []],
    ['#item:42', ['items/42'], []],
    ['#photo:42%2Fp1', ['items/42/photos/p1'], []],
    ['tag:photo:42/p1', ['items/42/photos/p1'], []],
    ['tag:profile:ana', ['profiles/ana'], []],
    ['tag:key:photos%2Fa%2Cb.jpg', ['photos/a,b.jpg'], []],
    ['https://shop.test/a.jpg?v=2', [REMOTE], []],
    ['HTTPS://shop.test:443/b/../a.jpg?v=2#top', [REMOTE], []],
    ['items/*', ['items/'], []],
    ['/img/photos/2024/*', ['photos/2024/'], []],
  ])('%s: %j, at the edge %j', (word, paths, edge) => {
    expect(parse(sortPurgeWords([word]))).toEqual({ paths, edge })
  })
})

test.each([
  'items/42',
  'items/42/photos/p1',
  'profiles/ana',
  'photos/a b,c.jpg',
  'photos/a*.jpg',
  `photos/${'ü'.repeat(20)}.jpg`,
])('the tag that answers for %s carry is understood', (path) => {
  const tag =
    cacheTags(parseSourcePath(path.split('/')))
      .split(',')
      .at(-1) ?? ''
  expect(parse({ tags: [tag, `#${tag}`] })).toEqual({ paths: [path], edge: [] })
})

test('a tag of a path that was too long for it is found at the edge alone', () => {
  const path: SourcePath = { shape: 'key', path: `photos/${'x'.repeat(300)}.jpg` }
  const tag = cacheTags(path)
  expect(parse({ tags: [tag] })).toEqual({ paths: [], edge: [`#${tag}`] })
})

test('what is named twice is purged once', () => {
  const request = { items: ['42', '43'], tags: ['item:42'], paths: ['items/43', '/img/items/42'] }
  expect(parse(request)).toEqual({ paths: ['items/42', 'items/43'], edge: [] })
})

describe('refused, with what is accepted', () => {
  test.each<[request: PurgeRequest, message: RegExp]>([
    [{}, /at least one/],
    [{ items: [], paths: [] }, /at least one/],
    [{ items: ['4/2'] }, /"4\/2" is no id/],
    [{ tags: ['colour:red'] }, /"colour:red" is no tag; accepted are such as item:42/],
    [{ tags: ['item:42/p1'] }, /is no tag/],
    [{ tags: ['photo:42'] }, /is no tag/],
    [{ tags: ['key:%zz'] }, /is no tag/],
    [{ tags: ['key:a%2F%2E%2E'] }, /is no tag/],
    [{ tags: ['item:42,item:43'] }, /is no tag/],
    [{ paths: ['items/../x'] }, /no source path; accepted is a path such as items\/42/],
    [{ paths: ['/'] }, /no source path/],
    [{ paths: ['items/%00'] }, /no source path/],
    [{ paths: ['/img/items/42/*'] }, /is a prefix, not a path/],
    [{ prefixes: ['items/4*'] }, /no prefix; accepted is one that ends at a slash/],
    [{ prefixes: ['items'] }, /no prefix/],
    [{ prefixes: ['*'] }, /no prefix/],
    [{ prefixes: ['/img/*'] }, /no prefix/],
    [{ prefixes: ['items//'] }, /no prefix/],
  ])('%j', (request, message) => {
    expect(() => parse(request)).toThrow(message)
    expect(() => parse(request)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})

test('a URL that reads as a picture of ours and may be a source is both', () => {
  const url = 'https://shop.test/img/cats/medium.jpg'
  const both = { ...dialect, mayBeSource: ({ hostname }: URL) => hostname === 'shop.test' }
  const remote = remotePath(new URL(url)).path
  expect(parsePurgeRequest({ paths: [url] }, both)).toEqual({
    paths: ['cats', remote],
    edge: ['/img/cats/medium.jpg'],
  })
  const other = url.replace('shop', 'pictures')
  expect(parsePurgeRequest({ paths: [other] }, both).paths).toEqual(['cats'])
})

test('the tags of what lies on another server are purged as its URL is', () => {
  const path = remotePath(new URL('https://shop.test/a.jpg?v=2'))
  expect(parse({ tags: cacheTags(path).split(',') }).paths).toEqual([path.path])
})
