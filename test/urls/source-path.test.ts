import { describe, expect, it } from 'vitest'
import { itemPhotoPath, parseSourcePath } from '../../src/urls/source-path.ts'

const long = 'a'.repeat(128)

describe('parseSourcePath', () => {
  it.each([
    ['items/42', { shape: 'item-cover', itemId: '42' }],
    ['items/a.b_c-d', { shape: 'item-cover', itemId: 'a.b_c-d' }],
    [`items/${long}`, { shape: 'item-cover', itemId: long }],
    ['items/42/photos/p1', { shape: 'item-photo', itemId: '42', photoId: 'p1' }],
    ['items/photos/photos/photos', { shape: 'item-photo', itemId: 'photos', photoId: 'photos' }],
    ['profiles/u1', { shape: 'profile', userId: 'u1' }],
    // Everything else is that exact key.
    ['items', { shape: 'key' }],
    ['profiles', { shape: 'key' }],
    ['Items/42', { shape: 'key' }],
    ['items/42/photos', { shape: 'key' }],
    ['items/42/pictures/p1', { shape: 'key' }],
    ['items/42/photos/p1/original-f1.jpg', { shape: 'key' }],
    ['profiles/u1/photo', { shape: 'key' }],
    ['profiles/u1/photos/p1', { shape: 'key' }],
    ['photos/cat.jpg', { shape: 'key' }],
    // Ids that are none.
    ['items/.hidden', { shape: 'key' }],
    ['items/a b', { shape: 'key' }],
    ['items/é', { shape: 'key' }],
    ['items/42\n', { shape: 'key' }],
    [`items/${long}a`, { shape: 'key' }],
    ['items/42/photos/.p', { shape: 'key' }],
    ['items/@2/photos/p', { shape: 'key' }],
    ['profiles/.u', { shape: 'key' }],
  ])('%j', (path, expected) => {
    expect(parseSourcePath(path.split('/'))).toEqual({ path, ...expected })
  })

  it('reads the canonical source of a photo as that photo', () => {
    expect(parseSourcePath(itemPhotoPath('42', 'p1').split('/'))).toMatchObject({
      shape: 'item-photo',
      itemId: '42',
      photoId: 'p1',
    })
  })
})
