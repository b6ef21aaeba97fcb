import { EventEmitter, once } from 'node:events'
import {
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  type LifecycleRule as SdkRule,
} from '@aws-sdk/client-s3'
import { describe, expect, test, vi } from 'vitest'
import { isAbandoned, isExpired } from '../../../origin/lifecycle/due.ts'
import type { IncompleteUpload, IncompleteUploads } from '../../../origin/uploads/incomplete-uploads.ts'
import type { LifecycleRule } from '../../../origin/lifecycle/lifecycle-configuration.ts'
import type { LifecycleFilter } from '../../../origin/lifecycle/lifecycle-filter.ts'
import { sweep } from '../../../origin/lifecycle/sweep.ts'
import type { LogLine } from '../../../origin/log.ts'
import { type Files, NODE_FILES } from '../../../origin/store/files.ts'
import { layoutOf } from '../../../origin/store/layout.ts'
import { load } from '../../../origin/store/load.ts'
import type { ObjectRecord, Tag } from '../../../origin/store/object-record.ts'
import { Store } from '../../../origin/store/store.ts'
import { sendSigned } from '../signed-request.ts'
import { BUCKET, createClient, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'

const DAY = 86_400_000
/** A midnight. */
const START = 20_000 * DAY
const ALL: LifecycleFilter = {
  isBare: false,
  prefix: undefined,
  tags: [],
  largerThan: undefined,
  smallerThan: undefined,
}

function ruleOf(change: Partial<LifecycleRule>, filter: Partial<LifecycleFilter> = {}): LifecycleRule {
  const rule = { id: 'rule', isEnabled: true, expiration: { days: 1 }, abortAfterDays: undefined }
  return { ...rule, ...change, filter: { ...ALL, ...filter } }
}

function recordOf(change: Partial<ObjectRecord>): ObjectRecord {
  return { key: 'a/b', blob: '', bytes: 10, etag: '', lastModified: START, headers: [], ...change }
}

describe('an object is due', () => {
  const tags: readonly Tag[] = [
    ['kind', 'draft'],
    ['x', 'y'],
  ]
  const rows: readonly [what: string, LifecycleRule, Partial<ObjectRecord>, now: number, isDue: boolean][] = [
    ['a day after it was written at midnight', ruleOf({}), {}, START + DAY, true],
    ['not a moment before', ruleOf({}), {}, START + DAY - 1, false],
    ['at the midnight after a day', ruleOf({}), { lastModified: START + 1000 }, START + 2 * DAY, true],
    ['not before that midnight', ruleOf({}), { lastModified: START + 1000 }, START + 2 * DAY - 1, false],
    ['never by a rule that is off', ruleOf({ isEnabled: false }), {}, START + 9 * DAY, false],
    [
      'never by a rule for uploads',
      ruleOf({ expiration: undefined, abortAfterDays: 1 }),
      {},
      START + 9 * DAY,
      false,
    ],
    ['on the date, however young', ruleOf({ expiration: { date: START } }), {}, START, true],
    ['not before the date', ruleOf({ expiration: { date: START } }), {}, START - 1, false],
    ['under the prefix', ruleOf({}, { prefix: 'a/' }), {}, START + DAY, true],
    ['not under another', ruleOf({}, { prefix: 'b' }), {}, START + DAY, false],
    ['with the tags', ruleOf({}, { tags }), { tags: [...tags, ['z', '']] }, START + DAY, true],
    ['not with one of them', ruleOf({}, { tags }), { tags: [['kind', 'draft']] }, START + DAY, false],
    ['not with another value', ruleOf({}, { tags: [['x', 'z']] }), { tags }, START + DAY, false],
    ['not without tags', ruleOf({}, { tags }), {}, START + DAY, false],
    ['when larger', ruleOf({}, { largerThan: 9 }), {}, START + DAY, true],
    ['not when as large', ruleOf({}, { largerThan: 10 }), {}, START + DAY, false],
    ['when smaller', ruleOf({}, { smallerThan: 11 }), {}, START + DAY, true],
    ['not when as small', ruleOf({}, { smallerThan: 10 }), {}, START + DAY, false],
    ['not when but one predicate holds', ruleOf({}, { prefix: 'a', largerThan: 10 }), {}, START + DAY, false],
  ]
  test.each(rows)('%s', (_what, ...[rule, record, now, isDue]) => {
    expect(isExpired([rule], recordOf(record), now)).toBe(isDue)
    const never = ruleOf({ isEnabled: false })
    expect(isExpired([never, rule], recordOf(record), now)).toBe(isDue)
  })

  test('an upload by its own rule only', () => {
    const upload = { key: 'a/b', uploadId: 'u', initiatedAt: START + 1 }
    const rule = ruleOf({ expiration: undefined, abortAfterDays: 2 }, { prefix: 'a/' })
    expect([3 * DAY - 1, 3 * DAY].map((age) => isAbandoned([rule], upload, START + age))).toEqual([
      false,
      true,
    ])
    const others = [ruleOf({}), { ...rule, isEnabled: false }, ruleOf({ abortAfterDays: 1 }, { prefix: 'b' })]
    expect(isAbandoned(others, upload, START + 9 * DAY)).toBe(false)
    expect(isAbandoned(undefined, upload, START + 9 * DAY)).toBe(false)
  })
})

interface Bench {
  readonly store: Store
  readonly clock: { now: number }
  readonly lines: LogLine[]
  readonly put: (key: string) => Promise<void>
  readonly keys: () => string[]
  readonly sweep: (uploads?: IncompleteUploads, signal?: AbortSignal) => Promise<void>
}

/** A store with one bucket whose rule is to expire `tmp/` after a day, at `START`. */
async function bench(files: Partial<Files> = {}): Promise<Bench> {
  const clock = { now: START }
  const lines: LogLine[] = []
  const layout = layoutOf(temporaryDirectory())
  const now = (): number => clock.now
  const store = new Store(
    { files: { ...NODE_FILES, ...files }, layout, now, minPartBytes: 1 },
    load(layout, () => undefined),
  )
  await store.createBucket(BUCKET)
  await store.configure(BUCKET, { lifecycle: [ruleOf({ abortAfterDays: 2 }, { prefix: 'tmp/' })] })
  const bucket = store.getBucket(BUCKET)
  return {
    store,
    clock,
    lines,
    put: async (key) => {
      const { blob } = await store.blobs.write((sink) => sink(Buffer.from('x')))
      await bucket.put({ key, blob, bytes: 1, etag: '', headers: [] }, () => undefined)
    },
    keys: () => [...bucket.index.scan(() => false)].map(({ key }) => key),
    sweep: (uploads, signal = new AbortController().signal) =>
      sweep({ store, uploads, now, log: (line) => lines.push(line) }, signal),
  }
}

describe('a sweep', () => {
  test('removes what is due, over many pages, and leaves the rest', async () => {
    const { clock, put, keys, lines, sweep } = await bench()
    for (let index = 0; index < 250; index += 1) await put(`tmp/${index}`)
    await put('kept')
    clock.now += 1000
    await put('tmp/young')
    await sweep()
    expect(keys()).toHaveLength(252)
    clock.now = START + DAY
    await sweep()
    expect(keys()).toEqual(['kept', 'tmp/young'])
    expect(lines).toEqual([{ msg: 'lifecycle', bucket: BUCKET, expired: 250, aborted: 0 }])
  })

  test('spares an object that is replaced while it waits for it', async () => {
    const gate = new EventEmitter()
    let isHolding = false
    const rename: typeof NODE_FILES.rename = async (from, to) => {
      if (isHolding && String(to).includes('meta')) {
        gate.emit('reached')
        await once(gate, 'open')
      }
      return NODE_FILES.rename(from, to)
    }
    const { clock, put, keys, lines, sweep } = await bench({ rename })
    await put('tmp/a')
    clock.now = START + DAY
    isHolding = true
    const reached = once(gate, 'reached')
    const replacing = put('tmp/a')
    await reached
    const sweeping = sweep()
    // The sweep has listed the old object and waits for the key; only then does the new one come to be.
    await new Promise((resolve) => void setImmediate(resolve))
    gate.emit('open')
    await Promise.all([replacing, sweeping])
    expect(keys()).toEqual(['tmp/a'])
    expect(lines).toEqual([])
  })

  test('goes by the rules and tags of the moment', async () => {
    const { store, clock, put, keys, sweep } = await bench()
    await put('tmp/a')
    await store.configure(BUCKET, { lifecycle: [ruleOf({}, { tags: [['drop', 'yes']] })] })
    clock.now = START + DAY
    await sweep()
    expect(keys()).toEqual(['tmp/a'])
    await store
      .getBucket(BUCKET)
      .amend('tmp/a', () => ({ ...recordAt(store, 'tmp/a'), tags: [['drop', 'yes']] }))
    await sweep()
    expect(keys()).toEqual([])
  })

  test('goes on after an object that cannot be removed, and says so', async () => {
    let isFailing = false
    const unlink: typeof NODE_FILES.unlink = async (path) => {
      if (isFailing && String(path).includes('meta')) {
        isFailing = false
        throw Object.assign(new Error('EIO: the disk says no'), { code: 'EIO' })
      }
      return NODE_FILES.unlink(path)
    }
    const { clock, put, keys, lines, sweep } = await bench({ unlink })
    await put('tmp/a')
    await put('tmp/b')
    clock.now = START + DAY
    isFailing = true
    await sweep()
    expect(keys()).toHaveLength(1)
    expect(lines).toMatchObject([{ msg: 'lifecycle failed', bucket: BUCKET }, { expired: 1 }])
    await sweep()
    expect(keys()).toEqual([])
  })

  test('aborts uploads that are due, goes on after one that fails, and leaves the others', async () => {
    const uploads: IncompleteUpload[] = [
      { key: 'tmp/broken', uploadId: '1', initiatedAt: START },
      { key: 'tmp/old', uploadId: '2', initiatedAt: START },
      { key: 'tmp/young', uploadId: '3', initiatedAt: START + 1 },
      { key: 'kept', uploadId: '4', initiatedAt: START },
    ]
    const aborted: string[] = []
    const double: IncompleteUploads = {
      listBefore: (bucket, time) =>
        uploads.filter(({ initiatedAt }) => bucket === BUCKET && initiatedAt < time),
      abort: async (_bucket, { key, uploadId }) => {
        if (key === 'tmp/broken') throw new Error('The disk says no')
        aborted.push(uploadId)
      },
    }
    const { clock, lines, sweep } = await bench()
    await sweep(double)
    expect(aborted).toEqual([])
    clock.now = START + 2 * DAY
    await sweep(double)
    expect(aborted).toEqual(['2'])
    expect(lines).toMatchObject([
      { msg: 'lifecycle failed', key: 'tmp/broken' },
      { expired: 0, aborted: 1 },
    ])
  })

  test('that is told to stop does nothing more', async () => {
    const { clock, put, keys, sweep } = await bench()
    await put('tmp/a')
    clock.now = START + DAY
    await sweep(undefined, AbortSignal.abort())
    expect(keys()).toEqual(['tmp/a'])
  })
})

describe('the server', () => {
  const Rules: SdkRule[] = [{ Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } }]

  test('sweeps in the background, again and again', async () => {
    let ahead = 0
    const now = (): number => Date.now() + ahead
    const { url } = await startTestOrigin({ now, lifecycleIntervalMs: 5 })
    const client = createClient(url)
    const configuration = { Bucket: BUCKET, LifecycleConfiguration: { Rules } }
    await client.send(new PutBucketLifecycleConfigurationCommand(configuration))
    for (const Key of ['tmp/a', 'b'])
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }))
    const get = (key: string): Promise<{ status: number }> =>
      sendSigned({ url, path: `/${BUCKET}/${key}`, signedAt: new Date(now()) })
    expect((await get('tmp/a')).status).toBe(200)
    ahead = 2 * DAY
    await vi.waitFor(async () => expect((await get('tmp/a')).status).toBe(404))
    expect((await get('b')).status).toBe(200)
  })

  test('sweeps after a start by the rules it had before, and stops with a sweep under way', async () => {
    const directory = temporaryDirectory()
    const first = await startTestOrigin({ directory })
    const client = createClient(first.url)
    const configuration = { Bucket: BUCKET, LifecycleConfiguration: { Rules } }
    await client.send(new PutBucketLifecycleConfigurationCommand(configuration))
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'tmp/a', Body: 'x' }))
    await first.close()
    const later = (): number => Date.now() + 2 * DAY
    const second = await startTestOrigin({ directory, now: later })
    await second.close()
    const third = await startTestOrigin({ directory, now: later })
    const request = { url: third.url, path: `/${BUCKET}/tmp/a`, signedAt: new Date(later()) }
    await vi.waitFor(async () => expect((await sendSigned(request)).code).toBe('NoSuchKey'))
  })
})

function recordAt(store: Store, key: string): ObjectRecord {
  const record = store.getBucket(BUCKET).find(key)
  if (record) return record
  throw new Error(`${key} is not there`)
}
