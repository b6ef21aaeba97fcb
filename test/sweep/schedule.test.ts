import { beforeEach, describe, expect, test } from 'vitest'
import { abandonedAfterMs } from '../../src/composition/library.ts'
import { parseConfig } from '../../src/config.ts'
import { GatewayError } from '../../src/errors.ts'
import { createDeferred } from '../../src/render/deferred.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import type { SweepReport } from '../../src/sweep/report.ts'
import { createSweepSchedule, type SweepScheduleOptions } from '../../src/sweep/schedule.ts'
import { createMemoryMultiparts } from '../../src/transfers/memory-multiparts.ts'
import { gateStore } from '../support/gated-store.ts'
import {
  countsOf,
  createClock,
  DAY_MS,
  EPOCH,
  HOUR_MS,
  keysUnder,
  putText,
  type TestClock,
} from './sweeping.ts'

const abandonedAfter = (environment: Record<string, string>) =>
  abandonedAfterMs(parseConfig({ HALFTONE_BUCKET: 'pictures', ...environment }))

let bucket: ObjectStore
let clock: TestClock
let reports: SweepReport[]

beforeEach(() => {
  bucket = createMemoryObjectStore()
  clock = createClock()
  reports = []
})

const schedule = (options: Partial<SweepScheduleOptions> = {}) =>
  createSweepSchedule({
    store: bucket,
    multiparts: createMemoryMultiparts(bucket),
    clock,
    sources: ['items/'],
    epoch: EPOCH,
    deletes: true,
    intervalMs: DAY_MS,
    onReport: (report) => void reports.push(report),
    onLeftOvers: () => {},
    onFailure: (error) => {
      throw error
    },
    ...options,
  })

function lastReport(): SweepReport {
  const report = reports.at(-1)
  if (report === undefined) throw new Error('There is no report')
  return report
}

describe('sweeps on a schedule', () => {
  test('abort uploads in parts, and go on where those cannot be listed', async () => {
    const multiparts = createMemoryMultiparts(bucket)
    await multiparts.begin('temp/uploads/u1/a.jpg', { contentType: 'image/jpeg' })
    await putText(bucket, 'temp/uploads/u2/b.jpg')
    const { check } = schedule({ multiparts })
    await check()
    clock.advance(3 * DAY_MS)
    await check()
    expect(countsOf(lastReport())).toEqual({ abandonedMultiparts: 1, expiredUploads: 1 })
    const refusing: Partial<SweepScheduleOptions> = {
      multiparts: {
        ...multiparts,
        pending() {
          throw new GatewayError('bucket_refused', 'The bucket refused the request')
        },
      },
    }
    await putText(bucket, 'temp/uploads/u3/c.jpg')
    clock.advance(3 * DAY_MS)
    await schedule(refusing).check()
    expect(countsOf(lastReport())).toEqual({ expiredUploads: 1 })
    expect(lastReport().faults).toEqual(['uploads in parts: The bucket refused the request'])
  })

  test('are an interval apart, whichever replica runs them', async () => {
    const replicas = [schedule(), schedule(), schedule()]
    const lookAll = async () => Promise.all(replicas.map(async ({ check }) => check()))
    await lookAll()
    expect(reports).toHaveLength(0)
    for (const [aheadMs, sweeps] of [
      [23 * HOUR_MS, 0],
      [2 * HOUR_MS, 1],
      [23 * HOUR_MS, 1],
      [2 * HOUR_MS, 2],
    ] as const) {
      clock.advance(aheadMs)
      await lookAll()
      await lookAll()
      expect(reports).toHaveLength(sweeps)
    }
  })

  test('remove what they find only where that is set', async () => {
    await putText(bucket, 'temp/uploads/u1/cat.jpg')
    const [cautious, thorough] = [schedule({ deletes: false }), schedule()]
    await cautious.check()
    clock.advance(2 * DAY_MS)
    await cautious.check()
    expect(reports.at(-1)).toMatchObject({ mode: 'dry-run', findings: { expiredUploads: { objects: 1 } } })
    expect(await keysUnder(bucket, 'temp/')).toHaveLength(1)
    clock.advance(2 * DAY_MS)
    await thorough.check()
    expect(await keysUnder(bucket, 'temp/')).toHaveLength(0)
  })

  test('one that did not end is gone on with after an hour', async () => {
    await putText(bucket, 'temp/uploads/u1/cat.jpg')
    const gated = gateStore(bucket)
    const [first, second] = [schedule({ store: gated.store }), schedule()]
    await second.check()
    clock.advance(2 * DAY_MS)
    const gate = gated.hold('delete', (key) => key.startsWith('temp/'))
    const broken = first.check()
    await gate.reached
    gated.setAway(true)
    gate.release()
    await expect(broken).rejects.toThrow('does not answer')
    await second.check()
    expect(reports).toHaveLength(0)
    clock.advance(HOUR_MS)
    await second.check()
    expect(reports).toHaveLength(1)
  })

  test('without an interval there are none, but what was cut short is finished', async () => {
    const leftOvers: number[] = []
    const { check } = schedule({
      intervalMs: 0,
      onLeftOvers: ({ findings }) => void leftOvers.push(findings.leftOverIntents.objects),
    })
    await putText(bucket, 'system/purges/1.json', '{"paths":["items/42"]}')
    await putText(bucket, 'private/items/42/photos/a/@abcdefghijklnow/800.webp')
    await check()
    clock.advance(2 * DAY_MS)
    await check()
    await check()
    expect(leftOvers).toEqual([1])
    expect(await keysUnder(bucket, '')).toEqual(['system/journal.json'])
  })

  test('a change counts as cut short when it is older than any takes, a purge that was asked for much later', async () => {
    const aboveMs = abandonedAfter({ HALFTONE_REQUEST_TIMEOUT_MS: '15000' })
    expect(aboveMs).toBe(45_000)
    expect(abandonedAfter({ HALFTONE_REQUEST_TIMEOUT_MS: '100' })).toBe(30_000)
    const { check } = schedule({ intervalMs: 0, abandonedAfterMs: aboveMs })
    await putText(bucket, 'system/purges/1.json', '{"paths":["items/42"]}')
    await putText(bucket, 'system/purges/2.json', '{"paths":["items/43"],"asked":true}')
    const left = async () => keysUnder(bucket, 'system/purges/')
    clock.advance(40_000)
    await check()
    expect(await left()).toHaveLength(2)
    clock.advance(10_000)
    await check()
    expect(await left()).toEqual(['system/purges/2.json'])
    clock.advance(HOUR_MS / 4)
    await check()
    expect(await left()).toEqual([])
  })

  test('a turn that cannot be understood is taken', async () => {
    await putText(bucket, 'system/sweep/schedule.json', '{')
    await schedule().check()
    expect(reports).toHaveLength(1)
  })

  test('start looks by itself, a failure is told, close ends it', async () => {
    const failed = createDeferred<unknown>()
    const gated = gateStore(bucket)
    const looked = gated.hold('get', (key) => key === 'system/sweep/schedule.json')
    const running = schedule({ store: gated.store, checkMs: 1, onFailure: (error) => failed.resolve(error) })
    running.start()
    await looked.reached
    gated.setAway(true)
    looked.release()
    expect(await failed.promise).toMatchObject({ code: 'bucket_unreachable' })
    await running.close()
  })
})
