import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Handler, Hono } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '../http/env.ts'
import { browserFile } from './browser-files.ts'
import { compareSection, heroSection, pickerSection, samplesSection, uploadSection } from './demo-sections.ts'

/** A picture that the page shows. */
export interface DemoPicture {
  /** Its path under `/img/`, such as `items/demo-1`. */
  readonly path: string
  /** What is to be seen in it, in words. */
  readonly title: string
  /** Sides in pixels, turned. */
  readonly width: number
  readonly height: number
  /** Of the file as it came in. */
  readonly bytes: number
  readonly contentType: string
  /** A ThumbHash in base64. */
  readonly placeholder?: string | undefined
  /** `#rrggbb`. */
  readonly dominantColour?: string | undefined
}

/** What the page at `/` shows. */
export interface DemoPage {
  /** Read anew for each view. */
  readonly list: () => Promise<readonly DemoPicture[]>
  /** A form to upload photos with; without it the page only shows. */
  readonly upload?: UploadForm | undefined
}

/** What the page's own script needs in order to upload. */
export interface UploadForm {
  /** A token for the API, made anew for each view. */
  readonly demoToken: () => Promise<string>
  /** The item that gets the photos. */
  readonly itemId: string
  /** The content types that are accepted; a telephone then makes one of these of what it has. */
  readonly contentTypes: readonly string[]
  /** Where browsers reach the bucket, such as `http://127.0.0.1:9000`: the page may connect there and nowhere else. */
  readonly bucketOrigin: string
}

export interface DemoPageOptions {
  readonly page: DemoPage
  /** The folder of the compiled browser module. */
  readonly dir: string
}

/** The demo page at `/` with its script and its styles. Throws when these have not been built. */
export function createDemoPage({ page, dir }: DemoPageOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.get('/', demoPage(page))
  app.get('/halftone-demo.js', browserFile(join(dir, 'demo.js'), 'script'))
  app.get('/halftone-demo.css', browserFile(join(dir, 'demo.css'), 'styles'))
  return app
}

/** Dots that grow, as in print; without an icon of its own a page makes browsers ask for `/favicon.ico`. */
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 12" fill="#d0316b" aria-hidden="true"><circle cx="1.6" cy="6" r="1"/><circle cx="5" cy="6" r="1.6"/><circle cx="9.5" cy="6" r="2.5"/></svg>'
const ICON = `data:image/svg+xml,${encodeURIComponent(LOGO)}`

function demoPage({ list, upload }: DemoPage): Handler<AppEnv> {
  return async function demoPage(c) {
    const pictures = await list()
    const form = upload && { ...upload, token: await upload.demoToken() }
    const nonce = randomBytes(16).toString('base64')
    c.header('cache-control', 'no-store')
    c.header('content-security-policy', policyOf(nonce, upload))
    c.header('referrer-policy', 'no-referrer')
    c.header('x-content-type-options', 'nosniff')
    return c.html(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Halftone</title>
  <link rel="icon" href="${ICON}">
  <link rel="stylesheet" href="/halftone-demo.css">
  <style nonce="${nonce}">${raw(coloursOf(pictures))}</style>
  <script type="module" src="/halftone-demo.js"></script>
</head>
<body>
  <a class="skip" href="#main">Skip to the pictures</a>
  <header class="bar">
    <a class="brand" href="/">${raw(LOGO)} Halftone</a>
    <nav aria-label="On this page">
      <a href="#samples">Samples</a>
      ${pictures.length > 0 && html`<a href="#picker">Sizes</a> <a href="#compare">Compare</a>`}
      ${form && html`<a href="#upload">Upload</a>`}
    </nav>
  </header>
  <main id="main" tabindex="-1">
    ${heroSection(pictures, form !== undefined)}
    ${samplesSection(pictures)}
    ${pictures.length > 0 && [pickerSection(pictures), compareSection()]}
    ${form && uploadSection(form)}
  </main>
  <footer>
    <p>Every picture here was cut from one source when somebody first asked for it, and is kept for whoever asks next.</p>
  </footer>
</body>
</html>`)
  }
}

function policyOf(nonce: string, upload: UploadForm | undefined): string {
  const bucket = upload === undefined ? '' : ` ${upload.bucketOrigin}`
  return [
    "default-src 'none'",
    "img-src 'self' data:",
    `style-src 'self' 'nonce-${nonce}'`,
    "script-src 'self'",
    `connect-src 'self'${bucket}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/** The colour that stands behind each picture before anything of it is there; the script lays its ThumbHash over it. */
function coloursOf(pictures: readonly DemoPicture[]): string {
  return pictures
    .map(({ dominantColour = '' }, index) =>
      /^#[0-9a-f]{6}$/i.test(dominantColour) ? `#picture-${index}{background-color:${dominantColour}}` : '',
    )
    .join('')
}
