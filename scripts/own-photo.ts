import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { launchChromium, noChromium } from '../test/support/chromium.ts'

/** Such as cameras make: 12 megapixels with a gradient and grain, some 5 MB. */
export async function makePhoto(folder: string): Promise<string> {
  const [width, height] = [4000, 3000]
  const grain = { type: 'gaussian', mean: 128, sigma: 30 } as const
  const file = join(folder, 'my-own-photo.jpg')
  await sharp({ create: { width, height, channels: 3, background: '#808080', noise: grain } })
    .tint('#c08040')
    .jpeg({ quality: 85 })
    .toFile(file)
  return file
}

/**
 * Gives the page of a running gateway a photo, as somebody would with a mouse, and waits until a browser has drawn it at
 * three sizes at least. Resolves with their widths; with the reason where there is no browser.
 */
export async function seeOwnPhoto(url: string, file: string): Promise<string> {
  if (noChromium !== undefined) return `own photo not looked at: ${noChromium}`
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.goto(url)
    await page.getByLabel('Choose photos').setInputFiles(file)
    const row = page.locator('#uploads > li', { hasText: basename(file) })
    await row.locator('img').nth(2).waitFor()
    // Drawn, not only on its way.
    const widths = await page.evaluate<number[]>(`Promise.all(
      [...document.querySelectorAll('#uploads img')].map(async (image) => {
        await image.decode()
        return image.naturalWidth
      }),
    )`)
    // A small photo is as wide at its larger sizes as it is.
    assert.ok(widths.length >= 3 && widths.every((width) => width > 0), `drawn only at ${widths.join(', ')}`)
    return `own photo drawn by a browser, ${widths.join(', ')} pixels wide`
  } finally {
    await browser.close()
  }
}
