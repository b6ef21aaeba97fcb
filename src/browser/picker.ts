import { find } from './elements.ts'
import { replacePicture, whenLoaded } from './gallery.ts'
import { measureShown, showMeasurement } from './measure.ts'
import { type Choice, imgOf, pathOf, pictureOf, sidesOf, sizeOf, type Source, widthsFor } from './snippets.ts'

/** What is picked, and of what. */
export interface Picked {
  readonly source: Source
  readonly choice: Choice
  /** Of the file as it came in. */
  readonly sourceBytes: number
  readonly sourceType: string
}

/** The part of the page where one picture is looked at in any size. */
export interface Picker {
  /** Shows another picture of the list. */
  choose(path: string): void
  /** Puts a picture at the head of the list, and shows it. */
  add(source: Source, sourceBytes: number, sourceType: string): void
}

/** Follows the fields of the picker; nothing where the page has none. `onPick` hears of each change, and of the first pick. */
export function createPicker(onPick: (picked: Picked) => void): Picker | undefined {
  const section = document.getElementById('picker')
  if (section === null) return undefined
  const photo = find('pick-photo', HTMLSelectElement)
  const width = find('pick-width', HTMLInputElement)
  const image = find('pick-image', HTMLImageElement)
  const pick = () => showPick(readPick(section, photo, width), image, onPick)
  const begin = () => {
    fitWidths(photo, width)
    pick()
  }
  whenLoaded(image, () => void measureShown(image).then((measured) => showMeasurement(section, measured)))
  photo.addEventListener('change', begin)
  // While the slider moves only the words follow; what it passes is not asked for.
  width.addEventListener('input', () => sayWidth(photo, width))
  width.addEventListener('change', pick)
  for (const choice of section.querySelectorAll('input[type=radio]')) choice.addEventListener('change', pick)
  watchCopies(section)
  begin()
  return {
    choose(path) {
      photo.value = path
      begin()
      section.scrollIntoView()
      photo.focus({ preventScroll: true })
    },
    add(source, sourceBytes, sourceType) {
      const option = new Option(source.title, source.path)
      const { width, height } = source
      Object.assign(option.dataset, { width, height, bytes: sourceBytes, type: sourceType })
      photo.prepend(option)
      photo.value = source.path
      begin()
    },
  }
}

function sourceOf(photo: HTMLSelectElement): Picked {
  const [option] = photo.selectedOptions
  const { width, height, bytes, type = '' } = option?.dataset ?? {}
  return {
    source: { path: photo.value, title: option?.text ?? '', width: Number(width), height: Number(height) },
    choice: { width: 0, shape: '', format: '' },
    sourceBytes: Number(bytes),
    sourceType: type,
  }
}

function readPick(section: HTMLElement, photo: HTMLSelectElement, width: HTMLInputElement): Picked {
  const picked = sourceOf(photo)
  const chosen = (name: string) =>
    section.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value ?? ''
  const choice = { width: sayWidth(photo, width), shape: chosen('shape'), format: chosen('format') }
  return { ...picked, choice }
}

/** The slider has as many steps as the picture has widths; it begins in the middle of what pages show. */
function fitWidths(photo: HTMLSelectElement, width: HTMLInputElement): void {
  const widths = widthsFor(sourceOf(photo).source)
  const wanted = widths.findIndex((rung) => rung >= 640)
  width.max = `${widths.length - 1}`
  width.value = `${wanted === -1 ? widths.length - 1 : wanted}`
}

function sayWidth(photo: HTMLSelectElement, width: HTMLInputElement): number {
  const pixels = widthsFor(sourceOf(photo).source)[Number(width.value)] ?? 0
  find('pick-width-said', HTMLOutputElement).value = `${pixels} px`
  width.setAttribute('aria-valuetext', `${pixels} pixels`)
  return pixels
}

function showPick(picked: Picked, image: HTMLImageElement, onPick: (picked: Picked) => void): void {
  const { source, choice } = picked
  const { width, height } = sidesOf(source, choice)
  const { origin } = location
  image.width = width
  image.height = height
  image.alt = source.title
  replacePicture(image, source.path, sizeOf(choice))
  find('snippet-url', HTMLElement).textContent = `${origin}${pathOf(source, choice)}`
  find('snippet-img', HTMLElement).textContent = imgOf(source, choice, origin)
  find('snippet-picture', HTMLElement).textContent = pictureOf(source, choice, origin)
  onPick(picked)
}

function watchCopies(section: HTMLElement): void {
  for (const button of section.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
    const code = find(button.dataset['copy'] ?? '', HTMLElement)
    button.addEventListener('click', () => void copy(code))
  }
}

async function copy(code: HTMLElement): Promise<void> {
  const news = find('copied', HTMLElement)
  try {
    await navigator.clipboard.writeText(code.textContent)
    news.textContent = 'Copied'
  } catch {
    // Pages without TLS have no clipboard, except on the machine itself.
    getSelection()?.selectAllChildren(code)
    news.textContent = 'Selected: copy it with your keyboard'
  }
}
