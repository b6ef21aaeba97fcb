import { describe, expect, test } from 'vitest'
import { checkCustomId, itemIdOf } from '../../src/hosted/image-id.ts'
import { idPattern } from '../../src/urls/ids.ts'

const UUID = '023e105f-4ece-48ad-9ca3-1a8372d0c353'

describe('reference 1.3: ids of hosted images', () => {
  test.each(['a', 'a/b/c.jpg', 'käse & brot', '日本/写真.png', '100%', '.hidden', 'a..b', 'x'.repeat(1_024)])(
    '%s is an id of its own, of one item',
    (id) => {
      expect(() => checkCustomId(id)).not.toThrow()
      expect(itemIdOf(id)).toMatch(/^cf-[A-Za-z0-9_-]{43}$/)
      expect(itemIdOf(id)).toMatch(idPattern)
    },
  )

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    'a/./b',
    '..',
    'a\\b',
    'a\u0000',
    '\ud800',
    'x'.repeat(1_025),
    'variants',
    'keys',
    'stats',
    'config',
    'batch_token',
  ])('%j is none', (id) => {
    expect(() => checkCustomId(id)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
    expect(itemIdOf(id)).toBeUndefined()
  })

  test('a UUID is ours, in lower case, and nobody else may take one', () => {
    expect(itemIdOf(UUID)).toBe(UUID)
    for (const id of [UUID, UUID.toUpperCase()])
      expect(() => checkCustomId(id)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  test('two ids never share an item', () => {
    expect(new Set(['a/b', 'a%2Fb', 'A/b', 'a', UUID.toUpperCase()].map(itemIdOf)).size).toBe(5)
  })
})
