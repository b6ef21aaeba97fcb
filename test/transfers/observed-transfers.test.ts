import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { StoreCall } from '../../src/storage/observed-store.ts'
import { createMemoryTransfers } from '../../src/transfers/memory-transfers.ts'
import { observeTransfers } from '../../src/transfers/observed-transfers.ts'

const jpeg = { contentType: 'image/jpeg' }

test('every transfer is reported with its outcome, and ends as it would have', async () => {
  const calls: StoreCall[] = []
  const transfers = observeTransfers(createMemoryTransfers(createMemoryObjectStore()), (call) =>
    calls.push(call),
  )
  const create = { ...jpeg, ifNoneMatch: '*' } as const
  const picture = () => Readable.from([Buffer.from('picture')])
  expect(await transfers.upload('a', picture(), create)).toMatchObject({ etag: expect.any(String) })
  expect(await transfers.upload('a', picture(), create)).toBe('conflict')
  const tooLarge = transfers.upload('a', picture(), { ...jpeg, maxBytes: 1 })
  await expect(tooLarge).rejects.toMatchObject({ code: 'upload_too_large' })
  expect(await transfers.download('b')).toEqual({ outcome: 'absent' })
  expect(await transfers.download('a')).toMatchObject({ outcome: 'found' })
  expect(await transfers.copy('a', 'b')).toMatchObject({ outcome: 'copied' })
  expect(await transfers.move('b', 'a', { ifNoneMatch: '*' })).toEqual({ outcome: 'conflict' })
  await expect(transfers.copy('a', 'c', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  expect(calls.map(({ verb, outcome }) => `${verb} ${outcome}`)).toEqual([
    'upload stored',
    'upload conflict',
    'upload upload_too_large',
    'download absent',
    'download found',
    'copy copied',
    'move conflict',
    'copy aborted',
  ])
  expect(calls.filter(({ seconds }) => seconds < 0)).toEqual([])
})
