import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { albumKey, albumRecord } from '../../src/media/records.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { plainJpeg, putItem, setAccess } from '../support/library.ts'
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
    const file = await photo('#cc3311')
    await page.getByLabel('Choose photos').setInputFiles(file)
    await expect.poll(widths, patience).toEqual([300, 800, 1200])
    expect(await page.getByRole('status').textContent()).toBe('cc3311.jpg: done')
    expect(await page.locator('#uploads progress, #uploads button').count()).toBe(0)
    expect(await stage.leftovers()).toEqual([])
    const album = await stage.store.get(albumKey('demo-upload'))
    const record = album.outcome === 'found' && albumRecord.parse(JSON.parse(album.object.body.toString()))
    if (record === false) throw new Error('There is no album')
    expect(record.owner).toBe('demo')
    const original = await stage.store.get(record.photos[0]?.key ?? '')
    expect(original.outcome === 'found' && original.object.body.equals(file.buffer)).toBe(true)
    const paths = await page.locator('#uploads code').allTextContents()
    const slot = `/img/items/demo-upload/photos/${record.photos[0]?.photoId}`
    expect(paths).toEqual(['thumbnail', 'medium', 'large'].map((size) => `${slot}/${size}.webp`))
    await page.reload()
    await page.getByRole('heading', { name: 'items/demo-upload' }).waitFor()
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

  test('shows what everybody may see; nothing else is asked for', async () => {
    await putItem(stage.store, 'shown', ['#ff0000'])
    await putItem(stage.store, 'hidden', ['#00ff00'])
    await setAccess(stage.store, 'hidden', 'private')
    const asked: string[] = []
    page.on('response', (response) => asked.push(`${response.status()} ${new URL(response.url()).pathname}`))
    await page.reload({ waitUntil: 'networkidle' })
    const headings = await page.locator('h2').allTextContents()
    expect(headings).toContain('items/shown')
    expect(headings).not.toContain('items/hidden')
    expect(asked.filter((line) => /^[45]/.test(line))).toEqual([])
    expect(asked).toContainEqual(expect.stringMatching(/^200 \/img\/items\/shown\//))
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toMatch(/^data:image\/svg\+xml,/)
    expect(await page.locator('#files').getAttribute('accept')).not.toContain('*')
  })

  test('fits a telephone', async () => {
    await page.getByLabel('Choose photos').setInputFiles(await photo('#00aa00'))
    await expect.poll(widths, patience).toEqual([300, 800, 1200])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})
