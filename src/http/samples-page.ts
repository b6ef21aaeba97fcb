import type { Handler } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from './env.ts'

/** What the page at `/` shows: pictures by their paths under `/img/`. */
export interface SamplesPage {
  readonly title: string
  /** Paths such as `items/demo-1`, read anew for each view. */
  readonly list: () => Promise<readonly string[]>
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

/** Dots that grow, as in print; without an icon of its own a page makes browsers ask for `/favicon.ico`. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 12" fill="#c36"><circle cx="2" cy="6" r="1"/><circle cx="5" cy="6" r="1.5"/><circle cx="9.5" cy="6" r="2.5"/></svg>',
)}`

const SIZES = [
  ['thumbnail.webp', 150],
  ['640.webp', 320],
  ['800x600.avif', 320],
] as const

/** A plain list of pictures at a few sizes, below a form to upload others. */
export function samplesPage({ title, list, upload }: SamplesPage): Handler<AppEnv> {
  return async function samplesPage(c) {
    const paths = await list()
    const form = upload === undefined ? '' : await uploadForm(upload)
    c.header('cache-control', 'no-store')
    c.header('content-security-policy', policyOf(upload))
    return c.html(html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>${title}</title>
          <link rel="icon" href="${ICON}">
          <style>${raw(STYLE)}</style>
        </head>
        <body>
          <h1>${title}</h1>
          <p>Every picture below is made on demand from one source: change the size or the format in its URL.</p>
          ${form}
          ${paths.map(pictureSection)}
        </body>
      </html>`)
  }
}

function policyOf(upload: UploadForm | undefined): string {
  const policy = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
  if (upload === undefined) return policy
  return `${policy}; script-src 'self'; connect-src 'self' ${upload.bucketOrigin}`
}

async function uploadForm({ demoToken, itemId, contentTypes }: UploadForm) {
  return html`
    <section id="upload" data-token="${await demoToken()}" data-item="${itemId}" aria-labelledby="upload-title">
      <h2 id="upload-title">Upload your own</h2>
      <label for="files">Choose photos, or drop them here:</label>
      <input id="files" type="file" multiple accept="${contentTypes.join(',')}">
      <p id="news" role="status"></p>
      <ul id="uploads" aria-label="Uploads"></ul>
      <noscript>Uploading needs JavaScript; looking does not.</noscript>
    </section>
    <script type="module" src="/halftone-demo.js"></script>`
}

function pictureSection(path: string) {
  return html`
    <section>
      <h2><a href="/img/${path}/large.webp">${path}</a></h2>
      ${SIZES.map(
        ([size, width]) => html`
          <figure>
            <a href="/img/${path}/${size}"><img src="/img/${path}/${size}" width="${width}" alt="${path}" loading="lazy"></a>
            <figcaption><code>/img/${path}/${size}</code></figcaption>
          </figure>`,
      )}
    </section>`
}

const STYLE = `
  :root { color-scheme: light dark; font-family: system-ui, sans-serif; }
  body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
  section { border-top: 1px solid #8884; padding: 1rem 0; }
  figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; max-width: 100%; }
  img { max-width: 100%; height: auto; border-radius: 4px; background: #8882; }
  figcaption { font-size: 0.75rem; max-width: 20rem; overflow-wrap: anywhere; }
  #upload { border: 2px dashed #8886; border-radius: 8px; padding: 1rem; }
  #upload h2 { margin-top: 0; }
  #upload label { display: block; margin-bottom: 0.5rem; }
  #upload input, #upload button { font: inherit; min-height: 2.75rem; max-width: 100%; }
  #uploads { list-style: none; padding: 0; margin: 1rem 0 0; }
  #uploads li { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; padding: 0.5rem 0; }
  #uploads strong { overflow-wrap: anywhere; }
  #uploads progress { flex: 1 1 8rem; }
  #uploads figure img { max-height: 16rem; width: auto; }
  #uploads .failed span { color: #c33; }
`
