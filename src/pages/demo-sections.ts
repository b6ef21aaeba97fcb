import { html } from 'hono/html'
import type { DemoPicture, UploadForm } from './demo-page.ts'
import { cardPicture, factsList } from './picture-markup.ts'

/** What this is, in one glance: one picture, at sizes that grow. */
export function heroSection(pictures: readonly DemoPicture[], canUpload: boolean) {
  const [first] = pictures
  return html`<section class="hero">
    <div>
      <h1>One source. Every size.</h1>
      <p class="lead">Change a number in a URL and the picture is cut anew, in the format you name.
        Ask again, and it is already there.</p>
      <p class="actions">
        ${canUpload && html`<a class="button primary" href="#upload">Upload a photo</a>`}
        <a class="button" href="#samples">See the samples</a>
      </p>
    </div>
    ${first && html`<ul class="growing" aria-label="One picture at three sizes">${GROWING.map((side) => growing(first, side))}</ul>`}
  </section>`
}

/** Squares on the ladder of sizes; screens of twice the density are given twice as many pixels. */
const GROWING = [64, 160, 320] as const

function growing({ path, title }: DemoPicture, side: number) {
  const url = `/img/${path}/${side}x${side}`
  return html`<li><a class="frame" href="${url}.webp"><img src="${url}.webp" srcset="${url}.webp, ${url}@2x.webp 2x"
      width="${side}" height="${side}" alt="${title}, ${side} by ${side}" fetchpriority="high"></a>
      <code aria-hidden="true">${side}</code></li>`
}

/** The pictures as cards, each with what its answer was like. */
export function samplesSection(pictures: readonly DemoPicture[]) {
  return html`<section id="samples" aria-labelledby="samples-title">
    <header class="section-head">
      <h2 id="samples-title">Samples</h2>
      <p>Shown as a shop would show them: AVIF, WebP or JPEG, as large as they are needed, loaded as you come near.
        Below each stands what this browser got.</p>
    </header>
    ${pictures.length === 0 && html`<p class="empty">There are no pictures yet that everybody may see.</p>`}
    <div class="cards">${pictures.map(card)}</div>
  </section>`
}

function card(picture: DemoPicture, index: number) {
  const { path, title, placeholder } = picture
  return html`
      <article class="card" data-path="${path}">
        <div class="frame" id="picture-${index}" data-thumbhash="${placeholder ?? ''}">
        ${cardPicture(picture, index)}
        </div>
        <h3>${title}</h3>
        <p class="path"><code>${path}</code></p>
        ${factsList(`How ${title} came`)}
        <p class="card-actions">
          <button type="button" data-action="again" aria-label="Ask again for ${title}">Ask again</button>
          <button type="button" data-action="pick" aria-label="Try sizes of ${title}">Try sizes</button>
        </p>
      </article>`
}

const SHAPES = [
  ['', 'Uncut'],
  ['1:1', '1:1'],
  ['4:3', '4:3'],
  ['3:2', '3:2'],
  ['16:9', '16:9'],
  ['3:4', '3:4'],
] as const
const FORMATS = [
  ['avif', 'AVIF'],
  ['webp', 'WebP'],
  ['jpg', 'JPEG'],
  ['png', 'PNG'],
  ['auto', 'Auto'],
] as const

/** One picture at a size, in a box and in a format of one's choice, and what to write in a page for it. */
export function pickerSection(pictures: readonly DemoPicture[]) {
  return html`<section id="picker" aria-labelledby="picker-title">
    <header class="section-head">
      <h2 id="picker-title">Pick a size</h2>
      <p>The URL says it all. Copy it, or the markup around it.</p>
    </header>
    <div class="bench">
      <figure class="stage">
        <div class="frame"><img id="pick-image" alt="" loading="lazy" decoding="async"></div>
        <figcaption>${factsList('How the picked picture came')}</figcaption>
      </figure>
      <div class="controls">
        <label class="field" for="pick-photo"><span>Photo</span>
          <select id="pick-photo">${pictures.map(option)}</select></label>
        <label class="field" for="pick-width"><span>Width <output id="pick-width-said" for="pick-width"></output></span>
          <input id="pick-width" type="range" min="0" max="1" step="1" value="0"></label>
        ${choices('shape', 'Box', SHAPES)}
        ${choices('format', 'Format', FORMATS)}
      </div>
      <div class="snippets">
        ${snippet('url', 'URL')} ${snippet('img', '<img>')} ${snippet('picture', '<picture>')}
        <p id="copied" role="status" class="quiet"></p>
      </div>
    </div>
    <noscript><p class="empty">Picking, comparing and measuring need JavaScript; looking does not.</p></noscript>
  </section>`
}

function option({ path, title, width, height, bytes, contentType }: DemoPicture) {
  return html`<option value="${path}" data-width="${width}" data-height="${height}" data-bytes="${bytes}"
    data-type="${contentType}">${title}</option>`
}

function choices(name: string, label: string, values: readonly (readonly [string, string])[]) {
  return html`<fieldset class="field"><legend>${label}</legend><div class="pills">
          ${values.map(
            ([value, words], index) => html`<label><input type="radio" name="${name}" value="${value}"
            ${index === 0 && 'checked'}><span>${words}</span></label>`,
          )}
        </div></fieldset>`
}

function snippet(name: string, label: string) {
  return html`<div class="snippet">
          <h3 id="snippet-${name}-label">${label}</h3>
          <pre tabindex="0" aria-labelledby="snippet-${name}-label"><code id="snippet-${name}"></code></pre>
          <button type="button" data-copy="snippet-${name}" aria-label="Copy ${label}">Copy</button>
        </div>`
}

/** The picked picture over the original, with a line to drag between them. */
export function compareSection() {
  return html`<section id="compare" aria-labelledby="compare-title">
    <header class="section-head">
      <h2 id="compare-title">Before and after</h2>
      <p>The original on the left, the width and format picked above on the right. Drag the line, or use the arrow keys.</p>
    </header>
    <div class="compare">
      <img id="compare-before" alt="" loading="lazy" decoding="async">
      <img id="compare-after" alt="" loading="lazy" decoding="async">
      <span class="tag before" id="compare-before-said"></span>
      <span class="tag after" id="compare-after-said"></span>
      <span class="line" aria-hidden="true"></span>
      <input id="compare-cut" type="range" min="0" max="100" value="50" aria-label="How much of the original is shown">
    </div>
    <p id="compare-sum" class="sum" role="status"></p>
  </section>`
}

/** Where photos are dropped, and what becomes of them. */
export function uploadSection({ token, itemId, contentTypes }: UploadForm & { readonly token: string }) {
  return html`<section id="upload" data-token="${token}" data-item="${itemId}" aria-labelledby="upload-title">
    <header class="section-head">
      <h2 id="upload-title">Upload your own</h2>
      <p>From this browser straight to the bucket, looked at there, and shown at all sizes a moment later.</p>
    </header>
    <div class="drop">
      <p class="drop-words">Drop photos anywhere on this page</p>
      <label class="button primary" for="files">Choose photos</label>
      <input id="files" type="file" multiple accept="${contentTypes.join(',')}">
    </div>
    <p id="news" role="status"></p>
    <ul id="uploads" aria-label="Uploads"></ul>
    <noscript><p class="empty">Uploading needs JavaScript; looking does not.</p></noscript>
  </section>`
}
