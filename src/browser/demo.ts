import type { UploadedPhoto } from './answers.ts'
import type { UploadProgress } from './contract.ts'
import { createUploader, UploadError } from './uploader.ts'

/** The upload form of the demo page: what it works with stands in its `data-` attributes. */
const form = find('upload')
const list = find('uploads')
const { token = '', item = '' } = form.dataset
const uploader = createUploader({ token: () => token })

uploader.watch(form, show)
uploader.watch(find('files'), show)

function show(files: readonly File[]): void {
  for (const file of files) void showUpload(file)
}

/** One row: its name, how far it is, a way to stop it; then what has become of it. */
async function showUpload(file: File): Promise<void> {
  const row = document.createElement('li')
  const name = element('strong', file.name)
  const bar = document.createElement('progress')
  const status = element('span', 'waiting')
  const cancel = element('button', 'Cancel')
  bar.max = Math.max(1, file.size)
  bar.value = 0
  bar.setAttribute('aria-label', `Progress of ${file.name}`)
  cancel.setAttribute('aria-label', `Cancel ${file.name}`)
  row.append(name, bar, status, cancel)
  list.prepend(row)
  const onProgress = ({ state, sentBytes }: UploadProgress) => {
    bar.value = sentBytes
    status.textContent = state === 'completing' ? 'being looked at' : percent(sentBytes, file.size)
  }
  const upload = uploader.upload(file, { kind: 'item-photo', ownerId: item }, { onProgress })
  cancel.addEventListener('click', () => void upload.cancel().catch(() => undefined))
  try {
    const { photo } = await upload.result
    status.textContent = 'done'
    if (photo !== undefined) row.append(...variantsOf(photo, file.name))
  } catch (error) {
    status.textContent = error instanceof UploadError ? error.detail : 'Something went wrong'
    row.className = 'failed'
  } finally {
    // Read out by screen readers; the percentages above are not.
    find('news').textContent = `${file.name}: ${status.textContent}`
    bar.remove()
    cancel.remove()
  }
}

const percent = (part: number, whole: number) => `${Math.round((100 * part) / Math.max(1, whole))} %`

/** Each variant as a picture that leads to itself, with its path below. */
function variantsOf({ urls, dominantColour = '' }: UploadedPhoto, name: string): HTMLElement[] {
  return (['thumbnail', 'medium', 'large'] as const).map((size) => {
    const figure = document.createElement('figure')
    const link = document.createElement('a')
    const picture = document.createElement('img')
    link.href = urls[size]
    picture.src = urls[size]
    picture.alt = `${name}, ${size}`
    picture.style.backgroundColor = dominantColour
    link.append(picture)
    const caption = document.createElement('figcaption')
    caption.append(element('code', new URL(urls[size], location.href).pathname))
    figure.append(link, caption)
    return figure
  })
}

function element<Name extends 'strong' | 'span' | 'button' | 'code'>(name: Name, text: string) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

function find(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no #${id}`)
  return found
}
