import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanDrawing } from '../../src/drawing/clean-drawing.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import { HARMLESS } from './harmless.ts'

const CASES = Object.entries(HARMLESS).map(([name, draw]) => ({ name, draw }))

const pixels = (file: string) => sharp(Buffer.from(file)).raw().toBuffer()
const clean = async (file: string) => (await cleanDrawing(Buffer.from(file))).toString()

/** libvips does not know an SVG whose root has a prefix. */
const BY_LIBRSVG = CASES.filter(({ name }) => name !== 'all by a prefix')

test.each(BY_LIBRSVG)('$name: the same by librsvg', async ({ draw }) => {
  const before = await draw()
  const [drawn, drawnAgain] = await Promise.all([pixels(before), pixels(await clean(before))])
  expect(new Set(drawn).size).toBeGreaterThan(1)
  expect(drawnAgain.equals(drawn)).toBe(true)
})

test.each(CASES)('$name: what is clean stays as it is', async ({ draw }) => {
  const once = await clean(await draw())
  expect(await clean(once)).toBe(once)
})

describe.skipIf(noChromium !== undefined)(`in Chromium${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launchChromium()
    page = await browser.newPage({ viewport: { width: 120, height: 90 } })
  })
  afterAll(() => browser.close())

  test.each(CASES)('$name: the same to the pixel', async ({ draw }) => {
    const shot = async (file: string) => {
      await page.goto(`data:image/svg+xml;base64,${Buffer.from(file).toString('base64')}`)
      return page.screenshot({ omitBackground: true })
    }
    const before = await draw()
    const [drawn, drawnAgain] = [await shot(before), await shot(await clean(before))]
    expect(new Set((await sharp(drawn).stats()).channels.map(({ stdev }) => stdev > 0))).toContain(true)
    expect(drawnAgain.equals(drawn)).toBe(true)
  })
})
