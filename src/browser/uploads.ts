import type { UploadedPhoto } from './answers.ts'
import type { Upload, UploadProgress } from './contract.ts'
import { element, find } from './elements.ts'
import { showPlaceholder, whenLoaded } from './gallery.ts'
import { measureShown, showMeasurement } from './measure.ts'
import type { Source } from './snippets.ts'
import { createUploader, UploadError } from './uploader.ts'

export interface UploadsOptions {
  /** Hears of each photo that has come in. */
  readonly onPhoto: (source: Source, photo: UploadedPhoto) => void
}

const SIZES = ['thumbnail', 'medium', 'large', 'original'] as const
const FACTS = ['type', 'bytes', 'time', 'layer'] as const

/** The form of the page: photos that are chosen, or dropped anywhere, are uploaded and shown. Nothing without a form. */
export function showUploads({ onPhoto }: UploadsOptions): void {
  const form = document.getElementById('upload')
  if (form === null) return
  const { token = '', item = '' } = form.dataset
  const uploader = createUploader({ token: () => token })
  const begin = (files: readonly File[]) => {
    for (const file of files) {
      const row = createRow(file)
      const { follow: onProgress } = row
      const upload = uploader.upload(file, { kind: 'item-photo', ownerId: item }, { onProgress })
      row.onCancel(() => void upload.cancel().catch(() => undefined))
      void showResult(row, upload, onPhoto)
    }
  }
  uploader.watch(document.documentElement, begin)
  uploader.watch(find('files', HTMLInputElement), begin)
  showDragging(form)
}

async function showResult(row: Row, { file, result }: Upload, onPhoto: UploadsOptions['onPhoto']) {
  try {
    const { photo } = await result
    row.end('done')
    if (photo === undefined) return
    row.show(photo)
    onPhoto({ path: pathOf(photo), title: file.name, width: photo.width, height: photo.height }, photo)
  } catch (error) {
    row.fail(error)
  }
}

/** Whether something is being dragged over the page is seen in the form. */
function showDragging(form: HTMLElement): void {
  const page = document.documentElement
  page.addEventListener('dragover', () => form.classList.add('is-target'))
  page.addEventListener('drop', () => form.classList.remove('is-target'))
  page.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) form.classList.remove('is-target')
  })
}

/** One row: its name, how far it is, a way to stop it; then what has become of it. */
function createRow(file: File) {
  const row = element('li')
  const bar = element('progress')
  const status = element('span', 'waiting')
  const cancel = element('button', 'Cancel')
  const head = element('p')
  head.className = 'upload-head'
  bar.max = Math.max(1, file.size)
  bar.value = 0
  bar.setAttribute('aria-label', `Progress of ${file.name}`)
  cancel.type = 'button'
  cancel.setAttribute('aria-label', `Cancel ${file.name}`)
  head.append(element('strong', file.name), bar, status, cancel)
  row.append(head)
  find('uploads', HTMLUListElement).prepend(row)
  const announce = createAnnouncer(file.name)
  const end = (words: string) => {
    status.textContent = words
    announce(words)
    bar.remove()
    cancel.remove()
  }
  const follow = ({ state, sentBytes }: UploadProgress) => {
    const percent = Math.round((100 * sentBytes) / Math.max(1, file.size))
    bar.value = sentBytes
    status.textContent = state === 'completing' ? 'being looked at' : `${percent} %`
    if (state === 'sending') announce(`${Math.floor(percent / 25) * 25} %`)
  }
  const fail = (error: unknown) => {
    row.className = 'failed'
    end(error instanceof UploadError ? error.detail : 'Something went wrong')
  }
  const show = (photo: UploadedPhoto) => {
    head.append(element('code', `/img/${pathOf(photo)}/`))
    row.append(variantsOf(photo, file.name))
  }
  return { follow, onCancel: (stop: () => void) => cancel.addEventListener('click', stop), end, fail, show }
}

type Row = ReturnType<typeof createRow>

/** Read out by screen readers: each quarter of a file, and how it ended; never the same words twice. */
function createAnnouncer(name: string) {
  const news = find('news', HTMLElement)
  let last = ''
  return (words: string) => {
    if (words === last) return
    last = words
    news.textContent = `${name}: ${words}`
  }
}

/** `items/42/photos/p1`: where under `/img/` a photo's sizes are. */
function pathOf({ urls }: UploadedPhoto): string {
  const [, path = ''] = /\/img\/(.+)\/[^/]+$/.exec(new URL(urls.medium, location.href).pathname) ?? []
  return path
}

/** Each size as a picture that leads to itself, with its name in the URL and what its answer was like below. */
function variantsOf(photo: UploadedPhoto, name: string): HTMLElement {
  const sizes = element('div')
  sizes.className = 'sizes'
  sizes.append(...SIZES.map((size) => variantOf(photo, size, name)))
  return sizes
}

function variantOf(photo: UploadedPhoto, size: (typeof SIZES)[number], name: string): HTMLElement {
  const { urls, width, height, placeholder, dominantColour = '' } = photo
  const figure = element('figure')
  const link = element('a')
  const picture = element('img')
  link.href = urls[size]
  link.className = 'frame'
  Object.assign(picture, { width, height, alt: `${name}, ${size}`, decoding: 'async' })
  link.style.backgroundColor = dominantColour
  link.dataset['thumbhash'] = placeholder ?? ''
  link.append(picture)
  const caption = element('figcaption')
  const code = element('code', new URL(urls[size], location.href).pathname.replace(/^.*\//, ''))
  const facts = element('p')
  facts.className = 'facts-line'
  facts.append(...FACTS.map(factPlace))
  caption.append(element('h3', size), code, facts)
  figure.append(link, caption)
  whenLoaded(picture, () => void measureShown(picture).then((measured) => showMeasurement(figure, measured)))
  picture.src = urls[size]
  showPlaceholder(link, picture)
  return figure
}

function factPlace(fact: string): HTMLElement {
  const place = element('span')
  place.dataset['fact'] = fact
  return place
}
