import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { plainJpeg, putItem } from '../support/library.ts'
import { createStage, type Stage } from './stage.ts'

const slow = { timeout: 90_000 }

describe.skipIf(noChromium !== undefined)(`uploading${noChromium ? ` (${noChromium})` : ''}`, slow, () => {
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
  const ALL_SIZES = [300, 800, 1200, 1600]
  const patience = { timeout: 40_000 }
  const news = () => page.locator('#news').textContent()

  test('requirements: Flows – a page uploads a photo and shows its variants', async () => {
    const file = await photo('#cc3311')
    await page.getByLabel('Choose photos').setInputFiles(file)
    await expect.poll(widths, patience).toEqual(ALL_SIZES)
    expect(await news()).toBe('cc3311.jpg: done')
    expect(await page.locator('#uploads progress, #uploads button').count()).toBe(0)
    expect(await stage.leftovers()).toEqual([])
    const album = await stage.store.get(albumKey('demo-upload'))
    const record = album.outcome === 'found' && albumRecord.parse(JSON.parse(album.object.body.toString()))
    if (record === false) throw new Error('There is no album')
    expect(record.owner).toBe('demo')
    const original = await stage.store.get(record.photos[0]?.key ?? '')
    expect(original.outcome === 'found' && original.object.body.equals(file.buffer)).toBe(true)
    const paths = await page.locator('#uploads code').allTextContents()
    const slot = `/img/items/demo-upload/photos/${record.photos[0]?.photoId}/`
    const sizes = ['thumbnail', 'medium', 'large', 'original'].map((size) => `${size}.webp`)
    expect(paths).toEqual([slot, ...sizes])
    await page.reload()
    await page.getByRole('heading', { name: 'items/demo-upload' }).waitFor()
  })

  test('an uploaded photo can be picked at once', async () => {
    await putItem(stage.store, 'shown', ['#2255aa'])
    await page.reload()
    await page.getByLabel('Choose photos').setInputFiles(await photo('#cc3322'))
    await expect
      .poll(() => page.locator('#pick-photo option:checked').textContent(), patience)
      .toBe('cc3322.jpg')
    expect(await page.locator('#snippet-url').textContent()).toMatch(
      /\/items\/demo-upload\/photos\/.+\/640\.avif$/,
    )
  })

  test('of each size of an uploaded photo its type, bytes and layer are told', async () => {
    await page.getByLabel('Choose photos').setInputFiles(await photo('#3311cc'))
    const layers = page.locator('#uploads [data-fact="layer"]')
    const isKnown = (layer: string) => ['Rendered', 'Shared', 'Bucket', 'Memory'].includes(layer)
    await expect
      .poll(async () => (await layers.allTextContents()).filter(isKnown).length, patience)
      .toBe(ALL_SIZES.length)
    expect(await page.locator('#uploads [data-fact="type"]').allTextContents()).toEqual(Array(4).fill('WEBP'))
    for (const bytes of await page.locator('#uploads [data-fact="bytes"]').allTextContents())
      expect(bytes).toMatch(/^\d+(?:\.\d+)? (?:B|kB)$/)
  })

  test('photos that are dropped anywhere on the page are each shown', async () => {
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
    await page.dispatchEvent('h1', 'dragover', { dataTransfer: data })
    expect(await page.locator('#upload.is-target').count()).toBe(1)
    await page.dispatchEvent('h1', 'drop', { dataTransfer: data })
    expect(await page.locator('#upload.is-target').count()).toBe(0)
    await expect.poll(widths, patience).toEqual([...ALL_SIZES, ...ALL_SIZES])
  })

  test('how far an upload is can be seen and is read out', async () => {
    await page.evaluate(`(() => {
      window.said = []
      const news = document.getElementById('news')
      new MutationObserver(() => window.said.push(news.textContent)).observe(news, { childList: true })
    })()`)
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    stage.gateway.decide = async ({ url = '' }): Promise<Fault> => {
      if (url.endsWith('/complete')) await held
      return 'pass'
    }
    await page.getByLabel('Choose photos').setInputFiles(await photo('#665544'))
    await page.getByText('being looked at').waitFor()
    const bar = page.getByRole('progressbar', { name: 'Progress of 665544.jpg' })
    expect(await bar.count()).toBe(1)
    expect(
      await page.evaluate("(({ value, max }) => value === max)(document.querySelector('progress'))"),
    ).toBe(true)
    letGo()
    await expect.poll(widths, patience).toEqual(ALL_SIZES)
    const said = await page.evaluate<string[]>('said')
    expect(said).toContain('665544.jpg: 100 %')
    expect(said.at(-1)).toBe('665544.jpg: done')
    expect(said.length).toBeLessThanOrEqual(6)
  })

  test('what is refused is told in words', async () => {
    const words = { name: 'words.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('words') }
    await page.getByLabel('Choose photos').setInputFiles(words)
    await page.getByText('words.jpg: The file is no picture').waitFor()
    expect(await page.locator('#uploads .failed').textContent()).toContain(
      'JPEG, PNG, WebP, AVIF and GIF are accepted',
    )
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
    expect(await stage.leftovers()).toEqual([])
  })

  test('fits a telephone', async () => {
    await page.getByLabel('Choose photos').setInputFiles(await photo('#00aa00'))
    await expect.poll(widths, patience).toEqual(ALL_SIZES)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})
