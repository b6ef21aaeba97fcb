import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { baselineOf, checkLeaks, checkRecords, checkSeen, checkStored } from '../support/soak/checks.ts'
import { markedPicture } from '../support/soak/mark.ts'
import { prepareRun } from '../support/soak/soak.ts'
import { openStage, type Stage } from '../support/soak/stage.ts'
import type { StockItem } from '../support/soak/stock.ts'
import type { Vitals } from '../support/soak/vitals.ts'

// A machine that does much else at the same time takes its time over six programs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let stage: Stage
let soak: ReturnType<typeof prepareRun>
let baseline: Vitals[]

beforeAll(async () => {
  stage = await openStage()
  soak = prepareRun(stage, { seed: 1, items: 3 })
  baseline = baselineOf(soak.run)
  await soak.sellers.fill()
})
afterAll(async () => stage.close())

/** What has been found since a number of findings, each kind once. */
const foundSince = (count: number) => [
  ...new Set(soak.run.tally.findings.slice(count).map(({ what }) => what)),
]
const counted = () => soak.run.tally.findings.length

async function checkAll(): Promise<void> {
  const { run, sellers, viewers } = soak
  await checkRecords(run, sellers)
  await checkSeen(run, viewers)
  await checkStored(run)
}

function itemAt(rank: number): StockItem {
  const item = soak.run.stock.items[rank]
  if (item === undefined) throw new Error('There are fewer items')
  return item
}

test('nothing is found where nothing is wrong', async () => {
  for (let times = 0; times < 8; times += 1) await soak.viewers.viewSomething()
  for (let times = 0; times < 2; times += 1) await soak.sellers.changeSomething()
  await checkAll()
  await checkLeaks(soak.run, baseline)
  expect(soak.run.tally.findings).toEqual([])
  expect(soak.run.tally.of('changes: done')).toBeGreaterThan(3)
  expect(soak.run.tally.of('checked: views')).toBeGreaterThan(3)
})

test('a file that is another’s is found lost, and seen as what was never to be seen', async () => {
  const before = counted()
  const { itemId, truth } = itemAt(0)
  const file = await markedPicture({ item: itemAt(1).truth.item, slot: 1, version: 1 })
  const photoId = truth.state.photos[0]?.photoId ?? ''
  await soak.sellers.api.uploadByForm({ itemId, photoId }, file)
  await expect
    .poll(
      async () => {
        await checkAll()
        return foundSince(before)
      },
      { timeout: 60_000 },
    )
    .toEqual(expect.arrayContaining(['an acknowledged upload is lost', 'what was never to be seen']))
})

test('an album that is not as it was left is found', async () => {
  const before = counted()
  const { itemId, truth } = itemAt(1)
  await soak.sellers.api.remove(`/items/${itemId}/photos/${truth.state.photos[0]?.photoId}`)
  await checkRecords(soak.run, soak.sellers)
  expect(foundSince(before)).toContain('an album is not as it was left')
})

test('a variant that shows another item is found in the bucket', async () => {
  const before = counted()
  const other = await markedPicture({ item: 999, slot: 1, version: 1 })
  const key = `img/items/${itemAt(2).itemId}/photos/p/@AAAAAAAAAAAAAAA/320.jpg`
  await stage.bucket.put(key, other, { contentType: 'image/jpeg' })
  await checkStored(soak.run)
  expect(foundSince(before)).toContain('a wrong picture is stored')
})

test('what is left behind is found', async () => {
  const before = counted()
  const left = join(tmpdir(), 'left-by-somebody')
  writeFileSync(left, '')
  await stage.bucket.put('temp/uploads/abandoned/a.jpg', Buffer.from('?'), { contentType: 'image/jpeg' })
  await checkLeaks(soak.run, baseline)
  await rm(left)
  expect(foundSince(before)).toEqual(['temporary files are left', 'uploads are left'])
})
