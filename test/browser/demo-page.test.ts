import type { Browser, BrowserContext, Page } from 'playwright-core'
import { rgbaToThumbHash } from 'thumbhash'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createItem } from '../../src/media/new-item.ts'
import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import type { Fault } from '../support/faulty-proxy.ts'
import { plainJpeg, putItem, setAccess } from '../support/library.ts'
import { createStage, type Stage } from './stage.ts'

const patience = { timeout: 40_000 }
const slow = { timeout: 90_000 }

describe.skipIf(noChromium !== undefined)(
  `the page at /${noChromium ? ` (${noChromium})` : ''}`,
  slow,
  () => {
    let stage: Stage
    let browser: Browser
    let context: BrowserContext
    let page: Page
    /** What the page complained of: errors of scripts, and what its policy did not allow. */
    let complaints: string[]

    beforeAll(async () => {
      stage = await createStage()
      browser = await launchChromium()
      await putItem(stage.store, 'shown', ['#2255aa'])
      await putItem(stage.store, 'hidden', ['#00ff00'])
      await setAccess(stage.store, 'hidden', 'private')
    })
    afterAll(async () => {
      await browser.close()
      await stage.close()
    })
    beforeEach(async () => {
      await open({ viewport: { width: 1280, height: 800 } })
    })
    afterEach(async () => {
      await context.close()
      if (complaints.length > 0) throw new Error(complaints.join('\n'))
    })

    async function open(options: Parameters<Browser['newContext']>[0]) {
      complaints = []
      stage.gateway.requests.length = 0
      context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], ...options })
      page = await context.newPage()
      page.on('pageerror', ({ message }) => complaints.push(message))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      await page.goto(`${stage.gateway.url}/`)
    }

    const card = () => page.locator(CARD)
    const fact = (name: string, within = card()) => within.locator(`[data-fact="${name}"]`)
    const pictures = () => stage.gateway.requests.filter((line) => line.startsWith('GET /img/'))
    const picked = () => page.locator('#snippet-url').textContent()
    /** What a function in the page makes of the first element that a selector finds. */
    const ask = <Answer>(selector: string, what: string, where = page) =>
      where.evaluate<Answer>(`(${what})(document.querySelector(${JSON.stringify(selector)}))`)
    const sides = (selector: string) =>
      ask<[number, number]>(selector, '(img) => [img.naturalWidth, img.naturalHeight]')
    const CARD = '.card[data-path="items/shown"]'
    const currentSrc = () => ask<string>(`${CARD} img`, '(img) => img.currentSrc')

    test('samples are shown as a site shows them: three formats, sizes, and nothing jumps', async () => {
      const types = await ask<string[]>(
        CARD,
        "(card) => [...card.querySelectorAll('source')].map(({ type }) => type)",
      )
      expect(types).toEqual(['image/avif', 'image/webp'])
      const image = card().locator('img')
      expect(await image.getAttribute('srcset')).toContain('/img/items/shown/640x480.jpg 640w')
      expect(await image.getAttribute('width')).toBe('640')
      expect(await image.getAttribute('height')).toBe('480')
      await expect.poll(currentSrc).toMatch(/\/items\/shown\/\d+x\d+\.avif$/)
      expect(await page.locator('[data-path="items/hidden"]').count()).toBe(0)
      const shift = await page.evaluate<number>(`new Promise((resolve) => {
      let sum = 0
      new PerformanceObserver((list) => { for (const { value } of list.getEntries()) sum += value })
        .observe({ type: 'layout-shift', buffered: true })
      addEventListener('load', () => resolve(sum))
      if (document.readyState === 'complete') requestAnimationFrame(() => resolve(sum))
    })`)
      expect(shift).toBeLessThan(0.02)
    })

    test('for each picture it tells bytes, type, time, layer and Cache-Control, and loads nothing twice', async () => {
      await expect.poll(() => fact('layer').textContent(), patience).toMatch(/Rendered|Memory|Bucket/)
      expect(await fact('type').textContent()).toBe('AVIF')
      expect(await fact('time').textContent()).toMatch(/^\d+ ms$/)
      expect(await fact('cache-control').textContent()).toBe(CACHE_CONTROL["B'"])
      const url = await currentSrc()
      const all = pictures()
      expect(all).toContain(`GET ${new URL(url).pathname}`)
      expect(all).toEqual([...new Set(all)])
      const length = Number((await fetch(url)).headers.get('content-length'))
      expect(await fact('bytes').textContent()).toBe(
        length < 1000 ? `${length} B` : `${(length / 1000).toFixed(1)} kB`,
      )
    })

    test('asking again says that it came from memory', async () => {
      await expect.poll(() => fact('layer').textContent(), patience).not.toBe('–')
      const own = `GET ${new URL(await currentSrc()).pathname}`
      const asked = () => pictures().filter((line) => line === own).length
      expect(asked()).toBe(1)
      await card().getByRole('button', { name: 'Ask again' }).press('Enter')
      await expect.poll(() => fact('layer').textContent(), patience).toBe('Memory')
      expect(asked()).toBe(2)
    })

    test('a photo, a width, a box and a format are picked by keyboard', async () => {
      await card().getByRole('button', { name: 'Try sizes' }).press('Enter')
      expect(await page.evaluate('document.activeElement.id')).toBe('pick-photo')
      expect(await picked()).toBe(`${stage.gateway.url}/img/items/shown/640.avif`)
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowRight')
      expect(await picked()).toMatch(/\/750\.avif$/)
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowRight')
      expect(await picked()).toMatch(/\/750x750\.avif$/)
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowRight')
      expect(await picked()).toMatch(/\/750x750\.webp$/)
      await expect.poll(() => sides('#pick-image'), patience).toEqual([750, 750])
      await expect.poll(() => fact('type', page.locator('#picker')).textContent(), patience).toBe('WEBP')
    })

    test('URL, <img> and <picture> are copied, and show the picture in another page', async () => {
      await page.getByRole('radio', { name: 'WebP' }).check()
      for (const name of ['URL', '<img>', '<picture>']) {
        await page.getByRole('button', { name: `Copy ${name}`, exact: true }).press('Enter')
        await page.locator('#copied', { hasText: 'Copied' }).waitFor()
        const copied = await page.evaluate<string>('navigator.clipboard.readText()')
        expect(copied).toContain(`${stage.gateway.url}/img/items/shown/640.`)
        if (name === 'URL') continue
        const other = await context.newPage()
        await other.setContent(copied)
        const format = name === '<img>' ? 'webp' : 'avif'
        await expect
          .poll(
            () => ask('img', '({ currentSrc, naturalWidth }) => [currentSrc, naturalWidth]', other),
            patience,
          )
          .toEqual([`${stage.gateway.url}/img/items/shown/640.${format}`, 640])
        expect(await ask('img', '({ width, height }) => [width, height]', other)).toEqual([640, 400])
        await other.close()
      }
    })

    test('the line between before and after follows pointer and arrow keys', async () => {
      await page.locator('#compare').scrollIntoViewIfNeeded()
      await expect.poll(() => sides('#compare-before'), patience).toEqual([1600, 1000])
      await expect.poll(() => sides('#compare-after'), patience).toEqual([640, 400])
      const cut = () => ask<string>('#compare-after', '(img) => getComputedStyle(img).clipPath')
      const line = page.getByRole('slider', { name: 'How much of the original' })
      await line.press('ArrowRight')
      expect(await cut()).toBe('inset(0px 0px 0px 51%)')
      expect(await line.getAttribute('aria-valuetext')).toBe('51 percent original')
      const box = await page.locator('.compare').boundingBox()
      if (box === null) throw new Error('There is nothing to compare')
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2, { steps: 4 })
      await page.mouse.up()
      expect(await cut()).toMatch(/ 2[3-7]%\)$/)
      await expect
        .poll(() => page.locator('#compare-sum').textContent(), patience)
        .toMatch(/^[\d.]+ k?B becomes [\d.]+ k?B: \d+ % less to send$/)
    })

    test('its policy allows no script and no style of anybody else', async () => {
      const answer = await fetch(`${stage.gateway.url}/`)
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).not.toContain('unsafe')
      expect(policy).toContain("default-src 'none'")
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await answer.text()).not.toMatch(/ style="| on\w+="/)
    })

    test('the first stop of the keyboard leads past the menu, and every stop can be seen', async () => {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the pictures')
      const stops = await page.evaluate<number>(
        `[...document.querySelectorAll('a[href], button, select, input, [tabindex="0"]')].filter((one) => one.tabIndex >= 0).length`,
      )
      expect(stops).toBeGreaterThan(20)
      const unnamed = await page.evaluate<string[]>(`[...document.querySelectorAll('input, select')]
      .filter((one) => one.labels.length === 0 && one.getAttribute('aria-label') === null).map(({ id }) => id)`)
      expect(unnamed).toEqual([])
    })

    test.each(['light', 'dark'] as const)('its words can be read in %s', async (colorScheme) => {
      await context.close()
      await open({ colorScheme })
      const worst = await page.evaluate<number>(CONTRAST)
      expect(worst).toBeGreaterThanOrEqual(4.5)
    })

    test('fits a telephone, where targets are as large as a finger', async () => {
      await context.close()
      await open({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      const small = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('button, .button, select, .pills label, nav a')]
      .filter((one) => one.getBoundingClientRect().height < 40).map(({ outerHTML }) => outerHTML)`)
      expect(small).toEqual([])
    })

    test('nothing moves where people ask for that', async () => {
      await context.close()
      await open({ reducedMotion: 'reduce' })
      expect(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')).toBe('auto')
      expect(
        await page.evaluate("getComputedStyle(document.querySelector('button')).transitionDuration"),
      ).toBe('0s')
    })

    test('placeholders stand where samples will be', async () => {
      const bytes = await plainJpeg('#224466', 800, 600)
      const facts = {
        format: 'jpeg',
        contentType: 'image/jpeg',
        width: 800,
        height: 600,
        frames: 1,
        hasAlpha: false,
        orientation: 1,
      } as const
      const looks = { thumbHash: rgbaToThumbHash(1, 1, [34, 68, 102, 255]), dominantColour: '#224466' }
      const photos = [{ photoId: 'p1', bytes, facts, looks }]
      await createItem(stage.store, { itemId: 'demo-2', owner: 'tests', photos })
      let letGo: () => void = () => undefined
      const held = new Promise<void>((resolve) => (letGo = resolve))
      stage.gateway.decide = async ({ url = '' }): Promise<Fault> => {
        if (url.startsWith('/img/')) await held
        return 'pass'
      }
      await page.goto(`${stage.gateway.url}/`, { waitUntil: 'commit' })
      const frame = '.card[data-path="items/demo-2"] .frame'
      const placeholder = () => ask<string>(frame, '(one) => one?.style.backgroundImage')
      await expect.poll(placeholder, patience).toMatch(/^url\("data:image\/png;base64,/)
      expect(await ask(frame, '(one) => getComputedStyle(one).backgroundColor')).toBe('rgb(34, 68, 102)')
      stage.gateway.decide = () => 'pass'
      letGo()
      await expect.poll(placeholder, patience).toBe('')
      await page.getByRole('heading', { name: 'A vase on a table' }).waitFor()
    })
  },
)

/** The worst contrast (WCAG 2) between a text of the page and what it stands on. */
const CONTRAST = `(() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number)
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (one) => {
    for (let at = one; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (channels(colour).length === 3) return colour
    }
    return 'rgb(255, 255, 255)'
  }
  const texts = [...document.querySelectorAll('main *, .bar *, footer *')].filter((one) =>
    !one.closest('.tag, noscript') && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ''))
  return Math.min(...texts.map((one) => {
    const pair = [light(getComputedStyle(one).color), light(ground(one))].sort((a, b) => b - a)
    return (pair[0] + 0.05) / (pair[1] + 0.05)
  }))
})()`
