/** An answer to one request: a picture, or a refusal with what it says. */
export interface Shot {
  readonly variant: string
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  readonly detail: string | undefined
  readonly ms: number
}

/** A file with all that was asked of it. */
export interface Row {
  readonly name: string
  readonly bytes: number
  readonly shots: readonly Shot[]
}

const STYLE = `
  body { font: 13px/1.4 system-ui, sans-serif; margin: 16px; color: #222 }
  section { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 20px; border-top: 1px solid #ccc; padding-top: 8px }
  h2 { font-size: 13px; margin: 0; width: 100% }
  h2 small { font-weight: normal; color: #777 }
  figure { margin: 0; width: 240px }
  figcaption { color: #555 }
  img { max-width: 240px; max-height: 240px; background: repeating-conic-gradient(#ddd 0 25%, #fff 0 50%) 0 0 / 16px 16px }
  .refused { color: #a00; background: #fdd; padding: 8px }`

/** One page that needs no other file: every picture beside what was asked, and every refusal. */
export function contactSheet(title: string, rows: readonly Row[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}: ${rows.length} files</h1>
${rows.map(section).join('\n')}
</html>
`
}

function section({ name, bytes, shots }: Row): string {
  return `<section>
<h2>${escaped(name)} <small>${kilobytes(bytes)}</small></h2>
${shots.map(figure).join('\n')}
</section>`
}

function figure({ variant, status, contentType, body, detail, ms }: Shot): string {
  if (detail !== undefined) {
    return `<figure class="refused">${variant}: ${status}<br>${escaped(detail)}</figure>`
  }
  const source = `data:${contentType};base64,${body.toString('base64')}`
  const caption = `${variant}, ${kilobytes(body.length)}, ${Math.round(ms)} ms`
  return `<figure><img src="${source}" alt=""><figcaption>${caption}</figcaption></figure>`
}

const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
