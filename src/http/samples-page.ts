import type { Handler } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from './env.ts'

/** What the page at `/` shows: pictures by their paths under `/img/`. */
export interface SamplesPage {
  readonly title: string
  /** Paths such as `items/demo-1`, read anew for each view. */
  readonly list: () => Promise<readonly string[]>
}

const SIZES = [
  ['thumbnail.webp', 150],
  ['640.webp', 320],
  ['800x600.avif', 320],
] as const

/** A plain list of pictures at a few sizes. */
export function samplesPage({ title, list }: SamplesPage): Handler<AppEnv> {
  return async function samplesPage(c) {
    const paths = await list()
    const rows = paths.map(
      (path) => html`
        <section>
          <h2><a href="/img/${path}/large.webp">${path}</a></h2>
          ${SIZES.map(
            ([size, width]) => html`
              <figure>
                <a href="/img/${path}/${size}"><img src="/img/${path}/${size}" width="${width}" alt="${path}" loading="lazy"></a>
                <figcaption><code>/img/${path}/${size}</code></figcaption>
              </figure>`,
          )}
        </section>`,
    )
    c.header('cache-control', 'no-store')
    c.header('content-security-policy', "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'")
    return c.html(html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>${title}</title>
          <style>
            :root { color-scheme: light dark; font-family: system-ui, sans-serif; }
            body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
            section { border-top: 1px solid #8884; padding: 1rem 0; }
            figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; }
            img { height: auto; border-radius: 4px; background: #8882; }
            figcaption { font-size: 0.75rem; max-width: 20rem; overflow-wrap: anywhere; }
          </style>
        </head>
        <body>
          <h1>${title}</h1>
          <p>Every picture below is made on demand from one source: change the size or the format in its URL.</p>
          ${rows}
        </body>
      </html>`)
  }
}
