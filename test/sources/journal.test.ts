import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { appendToJournal, JOURNAL_KEY } from '../../src/sources/journal.ts'
import { JournalReader } from '../../src/sources/journal-reader.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { GatewayError } from '../../src/errors.ts'

function createReader(
  store: Pick<ObjectStore, 'get'>,
  options: { intervalMs?: number; maxLagMs?: number } = {},
) {
  const seen = { changes: [] as string[], gaps: 0, failures: [] as unknown[] }
  const reader = new JournalReader({
    store,
    intervalMs: options.intervalMs ?? 10,
    timeoutMs: 1000,
    maxLagMs: options.maxLagMs ?? 60_000,
    onChange: (paths) => seen.changes.push(...paths),
    onGap: () => {
      seen.gaps += 1
    },
    onFailure: (error) => seen.failures.push(error),
  })
  return { reader, seen }
}

describe('the journal', () => {
  test('concurrent writers lose no entry, and entries are numbered without gaps', async () => {
    const store = createMemoryObjectStore()
    // More than a writer has attempts: none may only ever lose.
    const names = Array.from({ length: 120 }, (_, index) => `items/${index}`)
    const { reader, seen } = createReader(store)
    await reader.read()
    const entries = await Promise.all(names.map((name) => appendToJournal(store, [name])))
    expect(entries.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
      names.map((_, index) => index + 1),
    )
    await reader.read()
    expect(seen.changes.toSorted()).toEqual(names.toSorted())
    expect(seen.gaps).toBe(0)
  })

  test('a reader tells each change once, and nothing from before it began', async () => {
    const store = createMemoryObjectStore()
    await appendToJournal(store, ['items/old'])
    const { reader, seen } = createReader(store)
    await reader.read()
    await appendToJournal(store, ['items/a', 'items/b'])
    await reader.read()
    await reader.read()
    await appendToJournal(store, ['items/c'])
    await reader.read()
    expect(seen).toEqual({ changes: ['items/a', 'items/b', 'items/c'], gaps: 0, failures: [] })
  })

  test('a reader that could not read at first does not know what it missed meanwhile', async () => {
    const store = createMemoryObjectStore()
    let isAway = true
    const { reader, seen } = createReader({
      get: async (key, options) => {
        if (isAway) throw new GatewayError('bucket_unreachable', 'away')
        return store.get(key, options)
      },
    })
    await reader.read()
    await appendToJournal(store, ['items/changed-while-away'])
    isAway = false
    await reader.read()
    expect(seen.gaps).toBe(1)
    await reader.read()
    expect(seen.gaps).toBe(1)
  })

  test('readings leave nothing behind on the signal that ends them', async () => {
    const store = createMemoryObjectStore()
    const any = vi.spyOn(AbortSignal, 'any')
    const signals: AbortSignal[] = []
    const { reader } = createReader({
      get: async (key, options) => {
        if (options?.signal) signals.push(options.signal)
        return store.get(key, options)
      },
    })
    for (let count = 0; count < 3; count += 1) await reader.read()
    // Node keeps a reference to every signal that was ever made of a lasting one.
    expect(any).not.toHaveBeenCalled()
    any.mockRestore()
    await reader.close()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
  })

  test('closing ends a reading that hangs', async () => {
    const hanging = createReader({
      get: (_, options) =>
        new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () => reject(new Error('cut'))),
        ),
    })
    const reading = hanging.reader.start()
    await hanging.reader.close()
    await reading
    expect(hanging.seen.failures).toEqual([])
  })

  test('a reader that missed entries says so', async () => {
    const store = createMemoryObjectStore()
    await appendToJournal(store, ['items/first'])
    const { reader, seen } = createReader(store)
    await reader.read()
    for (let index = 0; index < 600; index += 1) await appendToJournal(store, [`items/${index}`])
    await reader.read()
    expect(seen.gaps).toBe(1)
    expect(seen.changes).toEqual([])
  })

  test('a journal that was deleted or began anew is a gap', async () => {
    const store = createMemoryObjectStore()
    for (const name of ['items/a', 'items/b']) await appendToJournal(store, [name])
    const { reader, seen } = createReader(store)
    await reader.read()
    await store.delete([JOURNAL_KEY])
    await reader.read()
    expect(seen.gaps).toBe(1)
    await appendToJournal(store, ['items/c'])
    await reader.read()
    expect(seen.changes).toEqual(['items/c'])
  })

  test('a failure is reported, makes the bucket unreachable and, in time, this replica behind; then all recovers', async () => {
    const store = createMemoryObjectStore()
    let broken = true
    const flaky: Pick<ObjectStore, 'get'> = {
      get: (key, options) =>
        broken ? Promise.reject(new GatewayError('bucket_unreachable', 'away')) : store.get(key, options),
    }
    const { reader, seen } = createReader(flaky, { maxLagMs: -1 })
    await reader.read()
    expect([reader.reachable, reader.behind, seen.failures.length]).toEqual([false, true, 1])
    broken = false
    await reader.read()
    expect(reader.reachable).toBe(true)
    expect(createReader(store).reader.behind).toBe(true)
  })

  test('a replica that is behind knows it, although its wall clock is set back', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { reader } = createReader(createMemoryObjectStore(), { maxLagMs: 5_000 })
    await reader.read()
    vi.setSystemTime(Date.now() - 3_600_000)
    expect([reader.behind, reader.lagMs]).toEqual([false, 0])
    vi.advanceTimersByTime(5_001)
    expect([reader.behind, reader.lagMs]).toEqual([true, 5_001])
  })

  test('a damaged journal is reported by the reader and refused by the writer', async () => {
    const store = createMemoryObjectStore()
    await store.put(JOURNAL_KEY, Buffer.from('{"entries":[{}]}'), { contentType: 'application/json' })
    const { reader, seen } = createReader(store)
    await reader.read()
    expect(seen.failures).toMatchObject([{ code: 'record_invalid' }])
    await expect(appendToJournal(store, ['items/a'])).rejects.toMatchObject({ code: 'record_invalid' })
  })

  test('a started reader follows by itself until it is closed', async () => {
    const store = createMemoryObjectStore()
    const { reader, seen } = createReader(store, { intervalMs: 1 })
    await reader.start()
    await appendToJournal(store, ['items/a'])
    await expect.poll(() => seen.changes).toEqual(['items/a'])
    await reader.close()
    await appendToJournal(store, ['items/b'])
    await reader.close()
    expect(seen.changes).toEqual(['items/a'])
  })
})
