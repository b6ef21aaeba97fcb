import { expect, test } from 'vitest'
import { type DeliveryRight, createDeliveryVisitor } from '../../src/hosted-delivery/delivery-visitor.ts'
import type { Source } from '../../src/sources/source.ts'
import { createMemoryAudit } from '../support/audit.ts'

const at = { shape: 'item-photo', path: 'items/i/photos/p', itemId: 'i', photoId: 'p' } as const
const source: Source = {
  at,
  key: 'items/i/photos/p/original-f.jpg',
  etag: '"e"',
  contentType: 'image/jpeg',
  bytes: 1,
  version: 'abcdefghijkl',
  lastModified: new Date(0),
  access: 'private',
  managed: true,
}

function visit(right: DeliveryRight) {
  const audit = createMemoryAudit()
  let isRestricted = false
  const visitor = createDeliveryVisitor(
    { audit: audit.trail },
    {
      authorization: undefined,
      grant: undefined,
      requestId: 'r1',
      address: '192.0.2.7',
      onRestricted: () => {
        isRestricted = true
      },
    },
    right,
  )
  return { visitor, taken: () => audit.taken(), isRestricted: () => isRestricted }
}

test('who has a permission is let in, and written down once', async () => {
  const { visitor, taken, isRestricted } = visit({ verdict: 'valid' })
  expect(await visitor.admit(source, at)).toBe(source)
  expect(await visitor.admit(source, at)).toBe(source)
  expect(taken()).toEqual([
    { action: 'read', detail: 'signature', object: at.path, requestId: 'r1', address: '192.0.2.7' },
  ])
  expect(isRestricted()).toBe(true)
})

test.each<[DeliveryRight, string]>([
  ['nobody', 'nobody'],
  [{ verdict: 'missing' }, 'missing'],
  [{ verdict: 'forged' }, 'forged'],
  [{ verdict: 'expired' }, 'expired'],
])('who has none is refused, and written down: %j', async (right, detail) => {
  const { visitor, taken, isRestricted } = visit(right)
  await expect(visitor.admit(source, at)).rejects.toMatchObject({ code: 'access_denied' })
  expect(taken()).toMatchObject([{ action: 'refuse', detail, object: at.path }])
  expect(isRestricted()).toBe(true)
})

test('what is always public is for anybody, and not written down', async () => {
  const { visitor, taken, isRestricted } = visit('anybody')
  expect(await visitor.admit(source, at)).toBe(source)
  expect([taken(), isRestricted()]).toEqual([[], false])
})

test.each<DeliveryRight>(['anybody', 'nobody', { verdict: 'valid' }])(
  'what is not there is for nobody',
  async (right) => {
    const { visitor, taken } = visit(right)
    await expect(visitor.admit(undefined, at)).rejects.toMatchObject({ code: 'source_not_found' })
    expect(taken()).toEqual([])
  },
)
