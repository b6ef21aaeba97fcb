import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const FILES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const file = [process.env['CHROMIUM'] ?? '', ...FILES].find((name) => existsSync(name))

/** Why tests in a browser are left out on this machine; `undefined` when they can run. */
export const noChromium: string | undefined =
  file === undefined
    ? `there is no Chromium: set CHROMIUM to its path, or install one to ${FILES.join(' or ')}`
    : undefined

/** A real Chromium without a window. */
export async function launchChromium(): Promise<Browser> {
  if (file === undefined) throw new Error(noChromium)
  // Its sandbox does not work for root, as whom many CI machines run; it opens only pages of these tests.
  const isRoot = process.getuid?.() === 0
  return chromium.launch({ executablePath: file, args: isRoot ? ['--no-sandbox'] : [] })
}
