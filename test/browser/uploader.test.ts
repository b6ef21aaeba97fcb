import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { Ticket as BrowserTicket } from '../../src/browser/answers.ts'
import type { Ticket } from '../../src/uploads/uploads.ts'
import { until } from '../render/until.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { plainJpeg } from '../support/library.ts'
import { createStage, openTestPage, outcomesOf, type Stage, sent, type Told } from './stage.ts'

const MB = 1024 * 1024

test('the module is below 5 KB, compressed', () => {
  const bytes = gzipSync(readFileSync('dist/browser/uploader.js'), { level: 9 }).length
  expect(bytes).toBeGreaterThan(1000)
  expect(bytes).toBeLessThan(5 * 1024)
})

// The compiler is what fails here.
test('the module understands the tickets that the gateway gives', () => {
  expectTypeOf<Ticket>().toExtend<BrowserTicket>()
})

/** A JPEG of a given length: what comes after its end is ignored by decoders. */
async function jpegOf(bytes: number): Promise<Buffer> {
  const picture = await plainJpeg('#336699')
  return Buffer.concat([picture, randomBytes(Math.max(0, bytes - picture.length))])
}

describe.skipIf(noChromium !== undefined)(`in Chromium${noChromium ? ` (${noChromium})` : ''}`, () => {
  let stage: Stage
  let browser: Browser
  let context: BrowserContext
  let large: string

  beforeAll(async () => {
    stage = await createStage()
    browser = await launchChromium()
    large = stage.file('large.jpg', await jpegOf(20 * MB))
  })
  afterAll(async () => {
    await browser.close()
    await stage.close()
  })
  beforeEach(async () => {
    context = await browser.newContext()
    stage.tickets.method = 'POST'
    stage.tickets.areOutlived = false
    for (const proxy of [stage.gateway, stage.bucket]) {
      proxy.decide = () => 'pass'
      proxy.requests.length = 0
      proxy.peak = 0
    }
  })
  afterEach(() => context.close())

  /** How often each part was asked to be taken. */
  const partsSent = () => {
    const numbers = stage.bucket.requests.map((line) => Number(/partNumber=(\d+)/.exec(line)?.[1]))
    return [1, 2, 3].map((part) => numbers.filter((number) => number === part).length)
  }
  /** The requests to the API, ids left out. */
  const apiCalls = () =>
    stage.gateway.requests
      .filter((line) => line.includes('/api/'))
      .map((line) => line.replace('/api/v1/uploads', '').replace(/\/[\w-]{22}/, '/id'))
  /** Fails the first request whose line has this in it. */
  const once = (text: string, fault: Fault) => {
    let isDone = false
    return ({ method = '', url = '' }): Fault => {
      if (isDone || !`${method} ${url}`.includes(text)) return 'pass'
      isDone = true
      return fault
    }
  }
  /** Holds back the requests that have this in their line until the returned function is called. */
  const hold = (text: string) => {
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    stage.bucket.decide = async ({ url = '' }): Promise<Fault> => {
      if (url.includes(text)) await held
      return 'pass'
    }
    return letGo
  }
  const names = (files: readonly Told[]) => [...new Set(files.map(({ name }) => name))].toSorted()

  test('several at once, each with its progress, and never more than allowed', async () => {
    const files = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (n) => stage.file(`photo-${n}.jpg`, await jpegOf(MB * 2 + n))),
    )
    // The first three are kept until all three are there: they can only be under way together.
    let arrived = 0
    stage.bucket.decide = async (): Promise<Fault> => {
      arrived += 1
      await until(() => arrived >= 3)
      return 'pass'
    }
    const page = await openTestPage(context, stage.gateway.url, '{ concurrency: 3 }')
    await page.setInputFiles('#files', files)
    const outcomes = await outcomesOf(page, 6)
    expect(outcomes.map(({ result }) => result?.photo.bytes)).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => MB * 2 + n),
    )
    expect(stage.bucket.peak).toBe(3)
    const told = await page.evaluate<Told[]>('told')
    expect(names(told)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `photo-${n}.jpg`))
    const first = told.filter(({ name }) => name === 'photo-1.jpg')
    expect([...new Set(first.map(({ state }) => state))]).toEqual(['sending', 'completing', 'done'])
    expect(first.at(0)).toMatchObject({ sentBytes: 0, totalBytes: MB * 2 + 1 })
    expect(first.at(-1)).toMatchObject({ sentBytes: MB * 2 + 1, totalBytes: MB * 2 + 1 })
    expect(await stage.leftovers()).toEqual([])
  })

  test('a file of 20 MB goes in parts', async () => {
    const page = await openTestPage(context, stage.gateway.url)
    await page.setInputFiles('#files', large)
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.result?.photo.bytes).toBe(20 * MB)
    expect(partsSent()).toEqual([1, 1, 1])
    const sums = (await page.evaluate<Told[]>('told')).map(({ sentBytes }) => sentBytes)
    expect(sums).toEqual(sums.toSorted((a, b) => a - b))
    expect(new Set(sums).size).toBeGreaterThan(3)
  })

  test.each<[string, Fault]>([
    ['a 503', { status: 503 }],
    ['a dropped connection', 'drop'],
  ])('after %s only that part is sent again', async (_, fault) => {
    stage.bucket.decide = once('partNumber=2', fault)
    const page = await openTestPage(context, stage.gateway.url)
    await page.setInputFiles('#files', large)
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.result?.photo.bytes).toBe(20 * MB)
    expect(partsSent()).toEqual([1, 2, 1])
  })

  test('a part whose answer was lost is not sent again', async () => {
    let isLost = true
    stage.bucket.decide = ({ url = '' }) => (isLost && url.includes('partNumber=2') ? 'lose-answer' : 'pass')
    // By then Chromium has given up its own repetition.
    stage.gateway.decide = ({ method, url = '' }) => {
      if (method === 'GET' && url.startsWith('/api/')) isLost = false
      return 'pass'
    }
    const page = await openTestPage(context, stage.gateway.url, '{ concurrency: 1 }')
    await page.setInputFiles('#files', large)
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.result?.photo.bytes).toBe(20 * MB)
    expect(apiCalls()).toEqual(['POST ', 'GET /id', 'POST /id/complete'])
  })

  test('a bucket that goes on failing is given up, and taken up again later', async () => {
    stage.bucket.decide = () => ({ status: 503 })
    const page = await openTestPage(context, stage.gateway.url, '{ attempts: 3 }')
    const file = stage.file('patient.jpg', await jpegOf(1000))
    await page.setInputFiles('#files', file)
    const [failed] = await outcomesOf(page, 1)
    expect(failed).toMatchObject({ code: 'bucket_refused', status: 503 })
    expect(stage.bucket.requests).toHaveLength(3)
    stage.bucket.decide = () => 'pass'
    await page.setInputFiles('#files', file)
    const [, outcome] = await outcomesOf(page, 2)
    expect(outcome?.result?.photo.bytes).toBeGreaterThan(0)
    expect(apiCalls()).toEqual(['POST ', 'GET /id', 'POST /id/complete'])
  })

  test('a PUT whose answer was lost has arrived', async () => {
    stage.tickets.method = 'PUT'
    stage.bucket.decide = once('PUT /', 'lose-answer')
    const page = await openTestPage(context, stage.gateway.url)
    await page.setInputFiles('#files', stage.file('put.jpg', await jpegOf(100_000)))
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.result?.photo.bytes).toBe(100_000)
    expect(stage.bucket.requests).toHaveLength(2)
  })

  test.each([
    ['a form', 'POST', 'small.jpg', 1],
    ['a PUT', 'PUT', 'small.jpg', 1],
    ['parts', 'POST', 'large.jpg', 1],
  ] as const)(
    'URLs of %s that the bucket does not take any more are renewed',
    async (_, method, name, renewals) => {
      stage.tickets.method = method
      stage.tickets.areOutlived = true
      stage.bucket.decide = () => {
        stage.tickets.areOutlived = false
        return 'pass'
      }
      const page = await openTestPage(context, stage.gateway.url, '{ concurrency: 3 }')
      const small = stage.file('small.jpg', await jpegOf(100_000))
      await page.setInputFiles('#files', name === 'large.jpg' ? large : small)
      const [outcome] = await outcomesOf(page, 1)
      expect(outcome?.result?.photo.bytes).toBeGreaterThan(0)
      expect(apiCalls()).toEqual(['POST ', ...Array(renewals).fill('GET /id'), 'POST /id/complete'])
    },
  )

  test('requirements: Flows – an upload goes on where it was after a reload', async () => {
    const letGo = hold('partNumber=2')
    const page = await openTestPage(context, stage.gateway.url, '{ concurrency: 1 }')
    await page.setInputFiles('#files', large)
    await sent(page, 8 * MB)
    await until(() => partsSent()[1] === 1)
    await page.reload()
    letGo()
    await page.evaluate('begin({ concurrency: 1 })')
    await page.setInputFiles('#files', large)
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.result?.photo.bytes).toBe(20 * MB)
    expect(apiCalls()).toEqual(['POST ', 'GET /id', 'POST /id/complete'])
    expect(partsSent()).toEqual([1, 2, 1])
    const [first] = await page.evaluate<Told[]>('told')
    expect(first?.sentBytes).toBe(8 * MB)
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  test('a completion whose answer was lost is found again after a reload', async () => {
    // Chromium itself repeats a request on a connection that was idle, once.
    let isLost = true
    stage.gateway.decide = ({ url = '' }) => (isLost && url.endsWith('/complete') ? 'lose-answer' : 'pass')
    const page = await openTestPage(context, stage.gateway.url, '{ attempts: 1 }')
    const file = stage.file('lost.jpg', await jpegOf(100_000))
    await page.setInputFiles('#files', file)
    expect(await outcomesOf(page, 1)).toMatchObject([{ code: 'unreachable' }])
    isLost = false
    await page.reload()
    await page.evaluate('begin()')
    await page.setInputFiles('#files', file)
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.result?.photo.bytes).toBe(100_000)
    expect(apiCalls().filter((line) => line === 'POST ')).toHaveLength(1)
    expect(apiCalls().slice(-2)).toEqual(['GET /id', 'POST /id/complete'])
    expect(stage.bucket.requests).toHaveLength(1)
  })

  test('what is cancelled leaves nothing behind', async () => {
    const letGo = hold('partNumber=2')
    const page = await openTestPage(context, stage.gateway.url, '{ concurrency: 1 }')
    await page.setInputFiles('#files', [large, stage.file('waiting.jpg', await jpegOf(1000))])
    await sent(page, 8 * MB)
    await page.evaluate('Promise.all(uploads.map((upload) => upload.cancel()))')
    letGo()
    const outcomes = await outcomesOf(page, 2)
    expect(outcomes.map(({ code }) => code)).toEqual(['cancelled', 'cancelled'])
    expect(apiCalls()).toEqual(['POST ', 'DELETE /id'])
    expect(await stage.leftovers()).toEqual([])
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  test('a cancel while the ticket is on its way removes what the ticket began', async () => {
    const page = await openTestPage(context, stage.gateway.url)
    let asked = false
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    stage.gateway.decide = async ({ method }): Promise<Fault> => {
      if (method === 'POST') {
        asked = true
        await held
      }
      return 'pass'
    }
    await page.setInputFiles('#files', large)
    await until(() => asked)
    const cancelled = page.evaluate('uploads[0].cancel()')
    letGo()
    await cancelled
    expect(await outcomesOf(page, 1)).toMatchObject([{ code: 'cancelled' }])
    expect(apiCalls()).toEqual(['POST ', 'DELETE /id'])
    expect(await stage.leftovers()).toEqual([])
  })

  test.each([
    ['notes.jpg', 'image/jpeg', { code: 'upload_type_refused', detail: /^The file is no picture/ }],
    ['phone.heic', 'image/heic', { code: 'upload_type_refused', detail: /Formats > Most Compatible/ }],
  ])('%s is refused: the page is told why, and nothing is kept', async (name, mimeType, why) => {
    const page = await openTestPage(context, stage.gateway.url)
    await page.setInputFiles('#files', { name, mimeType, buffer: Buffer.from('words') })
    const { code, detail } = why
    expect(await outcomesOf(page, 1)).toMatchObject([{ code, detail: expect.stringMatching(detail) }])
    expect(await stage.leftovers()).toEqual([])
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  test('what is larger than the settings allow is refused before a byte is sent', async () => {
    const page = await openTestPage(context, stage.gateway.url)
    await page.setInputFiles('#files', stage.file('huge.jpg', Buffer.alloc(20 * MB + 1)))
    const detail = `The file has ${20 * MB + 1} bytes; at most ${20 * MB} are accepted`
    expect(await outcomesOf(page, 1)).toMatchObject([{ code: 'upload_too_large', detail }])
    expect(stage.bucket.requests).toEqual([])
  })

  test('a token that has expired is asked for anew', async () => {
    const token = `(isRefused) => (isRefused ? '${stage.token}' : '${stage.staleToken}')`
    const page = await openTestPage(context, stage.gateway.url, `{ token: ${token} }`)
    await page.setInputFiles('#files', stage.file('token.jpg', await jpegOf(1000)))
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.code).toBeUndefined()
    expect(apiCalls()).toEqual(['POST ', 'POST ', 'POST /id/complete', 'POST /id/complete'])
  })

  test('the same file twice at once is two uploads', async () => {
    const page = await openTestPage(context, stage.gateway.url)
    const file = stage.file('twice.jpg', await jpegOf(200_000))
    const letGo = hold('')
    await page.setInputFiles('#files', file)
    await page.setInputFiles('#files', file)
    await until(() => stage.bucket.requests.length === 2)
    letGo()
    const outcomes = await outcomesOf(page, 2)
    expect(new Set(outcomes.map(({ result }) => result?.photo.urls['original'])).size).toBe(2)
  })

  test('the gateway being away for a moment is waited out', async () => {
    stage.gateway.decide = once('/complete', { status: 503 })
    const page = await openTestPage(context, stage.gateway.url)
    await page.setInputFiles('#files', stage.file('moment.jpg', await jpegOf(1000)))
    const [outcome] = await outcomesOf(page, 1)
    expect(outcome?.code).toBeUndefined()
    expect(apiCalls()).toEqual(['POST ', 'POST /id/complete', 'POST /id/complete'])
  })
})
