import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium, noChromium } from '../support/chromium.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { plainJpeg } from '../support/library.ts'
import { createStage, type Stage } from './stage.ts'

describe.skipIf(noChromium !== undefined)(`the demo page${noChromium ? ` (${noChromium})` : ''}`, () => {
  let stage: Stage
  let browser: Browser
  let page: Page
  /** What the page complained of: errors of scripts, and what its policy did not allow. */
  let complaints: string[]

  beforeAll(async () => {
    stage = await createStage()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser.close()
    await stage.close()
  })
  beforeEach(async () => {
    stage.gateway.decide = () => 'pass'
    complaints = []
    page = await browser.newPage({ viewport: { width: 360, height: 640 } })
    page.on('pageerror', ({ message }) => complaints.push(message))
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text())
    })
    await page.goto(`${stage.gateway.url}/`)
  })
  afterEach(async () => {
    await page.close()
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
  })

  const photo = async (colour: string) => ({
    name: `${colour.slice(1)}.jpg`,
    mimeType: 'image/jpeg',
    buffer: await plainJpeg(colour),
  })
  /** The widths of the pictures that the page shows; those that are not loaded yet have none. */
  const widths = () =>
    page.evaluate<number[]>("[...document.querySelectorAll('#uploads img')].map((img) => img.naturalWidth)")
  const patience = { timeout: 20_000 }

  test('requirements: Flows – a page uploads a photo and shows its variants', async () => {
    await page.getByLabel('Choose photos').setInputFiles(await photo('#cc3311'))
    await expect.poll(widths, patience).toEqual([300, 800, 1200])
    expect(await page.getByRole('status').textContent()).toBe('cc3311.jpg: done')
    expect(await page.locator('#uploads progress, #uploads button').count()).toBe(0)
  })

  test('several photos that are dropped are each shown', async () => {
    const files = await Promise.all(['#112233', '#445566'].map(photo))
    const bytes = files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') }))
    const data = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer()
      for (const { name, base64 } of ${JSON.stringify(bytes)}) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
        transfer.items.add(new File([bytes], name, { type: 'image/jpeg' }))
      }
      return transfer
    })()`)
    await page.dispatchEvent('#upload', 'drop', { dataTransfer: data })
    await expect.poll(widths, patience).toEqual([300, 800, 1200, 300, 800, 1200])
  })

  test('what is refused is told in words', async () => {
    const words = { name: 'words.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('words') }
    await page.getByLabel('Choose photos').setInputFiles(words)
    await page.getByText('words.jpg: This is not a picture').waitFor()
    expect(await page.locator('#uploads .failed').textContent()).toContain('This is not a picture')
  })

  test('an upload is cancelled by keyboard', async () => {
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    stage.gateway.decide = async ({ method }): Promise<Fault> => {
      if (method === 'POST') await held
      return 'pass'
    }
    await page.getByLabel('Choose photos').setInputFiles(await photo('#778899'))
    await page.getByRole('button', { name: 'Cancel 778899.jpg' }).press('Enter')
    letGo()
    await page.getByText('778899.jpg: The upload was cancelled').waitFor()
    expect(await stage.twin.leftovers()).toEqual([])
  })

  test('fits a telephone', async () => {
    await page.getByLabel('Choose photos').setInputFiles(await photo('#00aa00'))
    await expect.poll(widths, patience).toEqual([300, 800, 1200])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})
