import { createServer } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanDrawing } from '../../src/drawing/clean-drawing.ts'
import { isVerdict } from '../../src/errors.ts'
import { launchChromium, noChromium } from '../support/chromium.ts'
import { listen } from '../support/listen.ts'
import { type Attack, attacks } from './attacks.ts'

const slow = { timeout: 120_000 }

/** Where the attacks of the table of names are served is known only when the server listens. */
const NAMES = attacks('http://nowhere.test').map(({ name, acts }, at) => ({ name, acts, at }))

/** What is left of an attack; nothing where it is refused as a whole. */
async function cleaned({ file }: Attack): Promise<Buffer | undefined> {
  try {
    return await cleanDrawing(file)
  } catch (error) {
    if (isVerdict(error)) return undefined
    throw error
  }
}

test('there are enough of them', () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(40)
  expect(new Set(NAMES.map(({ name }) => name)).size).toBe(NAMES.length)
})

test.each(NAMES)('nothing of $name is left, or all is refused', async ({ at }) => {
  const attack = attacks('http://attacker.test')[at]
  const text = attack && (await cleaned(attack))?.toString()
  expect(text?.replaceAll(/<(title|desc|text)>[^<]*</g, '') ?? '').not.toMatch(
    /attacker|leak|script|expression|behavior|binding|@import|<!|<\?|foreignObject|\son\w+=|xml:base/i,
  )
})

describe.skipIf(noChromium !== undefined)(`in Chromium${noChromium ? ` (${noChromium})` : ''}`, slow, () => {
  const files = new Map<string, Buffer>()
  const types: Readonly<Record<string, string>> = { svg: 'image/svg+xml', html: 'text/html' }
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const file = files.get(path)
    response.statusCode = file === undefined ? 404 : 200
    // No policy of ours: what is served here has nothing but itself.
    response.setHeader('content-type', types[path.split('.').at(-1) ?? ''] ?? 'text/plain')
    response.end(file)
  })
  let browser: Browser
  let origin: string

  beforeAll(async () => {
    browser = await launchChromium()
    origin = await listen(server)
    for (const [at, attack] of attacks(origin).entries()) {
      files.set(`/raw/${at}.svg`, attack.file)
      const clean = await cleaned(attack)
      if (clean !== undefined) files.set(`/clean/${at}.svg`, clean)
    }
  })
  afterAll(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })

  /** One after the other in the same window: opened, pointed at, clicked at. What each asked for, by its path. */
  async function look(paths: readonly string[], until?: (path: string, asked: readonly string[]) => boolean) {
    const context = await browser.newContext({ viewport: { width: 200, height: 200 } })
    const asked = new Map(paths.map((path): [string, string[]] => [path, []]))
    let shown = ''
    context.on('request', (request) => asked.get(shown)?.push(new URL(request.url()).pathname))
    try {
      let page = await context.newPage()
      for (const path of paths) {
        shown = path
        // What an attack has begun may go on.
        if (until !== undefined) page = await context.newPage()
        await page.goto(`${origin}${path}`, { waitUntil: 'load' })
        await page.keyboard.press('Tab')
        await page.mouse.click(100, 100)
        await (until === undefined ? drawn(page) : heard(() => until(path, asked.get(path) ?? [])))
      }
    } finally {
      await context.close()
    }
    return asked
  }

  /** What a page wants to load is asked for before the frame after the next is drawn. */
  const drawn = (page: Page) =>
    page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))',
    )

  const heard = async (isHeard: () => boolean) => {
    await expect.poll(isHeard, { timeout: 20_000 }).toBe(true)
  }

  test('those that act get out where nothing stops them', async () => {
    const live = NAMES.filter(({ acts }) => acts).map(({ at }) => `/raw/${at}.svg`)
    const isOut = (path: string, asked: readonly string[]) =>
      asked.some((other) => other.startsWith(path.replace('raw', 'leak').replace('.svg', '')))
    const asked = await look(live, isOut)
    expect(live.filter((path) => !isOut(path, asked.get(path) ?? []))).toEqual([])
    expect(live.length).toBeGreaterThanOrEqual(40)
  })

  test('none of them does anything by itself in a window', async () => {
    const clean = [...files.keys()].filter((path) => path.startsWith('/clean/'))
    for (const [path, asked] of await look(clean)) expect(asked.filter(isOfPage), path).toEqual([path])
    expect(clean.length).toBeGreaterThanOrEqual(40)
  })

  test('none of them does anything in a page, however it is shown', async () => {
    const clean = [...files.keys()].filter((path) => path.startsWith('/clean/'))
    const places = clean.map(
      (
        path,
      ) => `<img src="${path}"><object data="${path}"></object><embed src="${path}"><iframe src="${path}"></iframe>
        <div style="background: url(${path})">-</div>${files.get(path)?.toString()}`,
    )
    files.set('/page.html', Buffer.from(`<!doctype html><title>-</title>${places.join('\n')}`))
    const asked = (await look(['/page.html'])).get('/page.html') ?? []
    expect(new Set(asked.filter(isOfPage))).toEqual(new Set(['/page.html', ...clean]))
  })
})

/** Browsers ask for this of whatever is shown. */
const isOfPage = (path: string) => path !== '/favicon.ico'
