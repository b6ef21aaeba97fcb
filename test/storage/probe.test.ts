import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore, PutOptions } from '../../src/storage/object-store.ts'
import { judgeClock, probeConditionalWrites, probeStore } from '../../src/storage/probe.ts'
import { failure, startScript } from './raw-server.ts'

/** A memory store whose writes differ from the contract. */
function bent(changes: Partial<ObjectStore>): ObjectStore {
  return { ...createMemoryObjectStore(), ...changes }
}

/** A store that forgets the conditions of a write, as many do. */
function withoutConditions(forgotten: readonly (keyof PutOptions)[]): ObjectStore {
  const memory = createMemoryObjectStore()
  return {
    ...memory,
    put: (key, bytes, options) => {
      const kept = Object.entries(options).filter(([name]) => !forgotten.some((option) => option === name))
      return memory.put(key, bytes, { contentType: options.contentType, ...Object.fromEntries(kept) })
    },
  }
}

const refuse = () =>
  Promise.reject(new GatewayError('bucket_refused', 'no', { cause: new Error('AccessDenied') }))

async function left(store: ObjectStore): Promise<string[]> {
  const keys = []
  for await (const { key } of store.list('')) keys.push(key)
  return keys
}

const failed = (findings: Awaited<ReturnType<typeof probeStore>>) =>
  findings.filter(({ ok }) => !ok).map(({ name }) => name)

describe('probeStore', () => {
  test('finds a good store good and leaves nothing behind', async () => {
    const store = createMemoryObjectStore()
    const findings = await probeStore(store)
    expect(findings.map(({ name }) => name)).toEqual(['missing objects', 'put', 'get', 'list', 'delete'])
    expect(failed(findings)).toEqual([])
    expect(await left(store)).toEqual([])
  })

  test('names each verb that is refused, with a cure', async () => {
    const findings = await probeStore(bent({ put: refuse, delete: refuse }))
    expect(failed(findings)).toEqual(['put', 'get', 'list', 'delete'])
    expect(findings.find(({ name }) => name === 'put')).toMatchObject({
      detail: expect.stringContaining('AccessDenied'),
      cure: expect.stringContaining('s3:PutObject'),
    })
  })

  test('sees bytes that come back changed', async () => {
    const memory = createMemoryObjectStore()
    const findings = await probeStore({
      ...memory,
      put: (key, _bytes, options) => memory.put(key, Buffer.from('other'), options),
    })
    expect(failed(findings)).toEqual(['get'])
  })

  test.each([
    ['SignatureDoesNotMatch', 'AWS_SECRET_ACCESS_KEY'],
    ['NoSuchBucket', 'HALFTONE_BUCKET'],
    ['AuthorizationHeaderMalformed', 'AWS_REGION'],
  ])('stops at %s and says what cures it', async (code, cure) => {
    await using bucket = await startScript([failure(403, code)])
    const findings = await probeStore(bucket.store)
    expect(findings).toMatchObject([{ ok: false, cure: expect.stringContaining(cure) }])
  })

  test('stops when the store cannot be reached', async () => {
    await using bucket = await startScript([failure(500, 'InternalError')], { maxAttempts: 1 })
    const findings = await probeStore(bucket.store)
    expect(findings).toMatchObject([{ ok: false, cure: expect.stringContaining('endpoint') }])
    expect(bucket.requests).toHaveLength(1)
  })
})

describe('probeConditionalWrites', () => {
  test('finds a good store good and leaves nothing behind', async () => {
    const store = createMemoryObjectStore()
    expect(failed(await probeConditionalWrites(store))).toEqual([])
    expect(await left(store)).toEqual([])
  })

  test.each([
    [['ifNoneMatch'], ['create only (If-None-Match)', 'creators racing']],
    [['ifMatch'], ['replace only a version (If-Match)', 'replacers racing']],
  ] as const)('sees a store without %s', async (forgotten, expected) => {
    const store = withoutConditions(forgotten)
    expect(failed(await probeConditionalWrites(store))).toEqual(expected)
    expect(await left(store)).toEqual([])
  })

  test('sees a store that looks first and writes later', async () => {
    const memory = createMemoryObjectStore()
    const store: ObjectStore = {
      ...memory,
      put: async (key, bytes, { ifMatch, ifNoneMatch, ...options }) => {
        const facts = await memory.head(key)
        const held = ifNoneMatch === undefined || facts === undefined
        if (!held || (ifMatch !== undefined && facts?.etag !== ifMatch)) return { outcome: 'conflict' }
        await new Promise(setImmediate)
        return memory.put(key, bytes, options)
      },
    }
    expect(failed(await probeConditionalWrites(store))).toEqual(['creators racing', 'replacers racing'])
  })
})

test.each([
  [undefined, true, 'not told'],
  [400, true, '0.4 s behind'],
  [-59_000, true, '59.0 s ahead of'],
  [90_000, false, '90.0 s behind'],
  [-900_000, false, '900.0 s ahead of'],
])('a clock that differs by %s ms', (skewMs, ok, detail) => {
  const finding = judgeClock(skewMs)
  expect(finding).toMatchObject({ ok, detail: expect.stringContaining(detail) })
  expect(finding.cure === undefined).toBe(ok)
})
