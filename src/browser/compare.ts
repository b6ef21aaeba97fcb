import { element, find, formatBytes } from './elements.ts'
import { replacePicture, whenLoaded } from './gallery.ts'
import { type Measurement, measureShown } from './measure.ts'
import { sizeOf } from './snippets.ts'
import type { Picked } from './picker.ts'

/** The line between original and pick; nothing where the page has none. */
export interface Comparison {
  show(picked: Picked): void
}

/** How the whole picture is asked for in the format it came in. */
const ORIGINAL_FORMATS: Readonly<Record<string, string>> = {
  'image/avif': 'avif',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
}

/** Lays the pick over the original, cut at a line that pointer and arrow keys move. */
export function createComparison(): Comparison | undefined {
  const box = document.querySelector<HTMLElement>('.compare')
  if (box === null) return undefined
  const before = find('compare-before', HTMLImageElement)
  const after = find('compare-after', HTMLImageElement)
  const cut = find('compare-cut', HTMLInputElement)
  const follow = () => {
    box.style.setProperty('--cut', `${cut.value}%`)
    cut.setAttribute('aria-valuetext', `${cut.value} percent original`)
  }
  cut.addEventListener('input', follow)
  follow()
  const sum = createSum(before, after)
  return {
    show({ source, choice, sourceType }) {
      const original = { width: source.width, height: source.height }
      for (const image of [before, after]) Object.assign(image, original)
      box.style.setProperty('--ratio', `${source.width} / ${source.height}`)
      before.alt = `${source.title}, the original`
      after.alt = `${source.title}, ${choice.width} pixels wide`
      replacePicture(before, source.path, `original.${ORIGINAL_FORMATS[sourceType] ?? 'jpg'}`)
      replacePicture(after, source.path, sizeOf({ ...choice, shape: '' }))
      find('compare-before-said', HTMLElement).textContent = `Original, ${source.width} px`
      find('compare-after-said', HTMLElement).textContent =
        `${choice.format.toUpperCase()}, ${choice.width} px`
      sum.forget()
    },
  }
}

/** The sentence below: said when both pictures are there, and taken back when one of them changes. */
function createSum(before: HTMLImageElement, after: HTMLImageElement) {
  const measured = new Map<HTMLImageElement, Measurement>()
  const place = find('compare-sum', HTMLElement)
  const add = async (image: HTMLImageElement) => {
    measured.set(image, await measureShown(image))
    const [original, picked] = [measured.get(before), measured.get(after)]
    if (original === undefined || picked === undefined) return
    place.replaceChildren(
      element('span', formatBytes(original.bytes)),
      ' becomes ',
      element('strong', formatBytes(picked.bytes)),
      `: ${saving(original.bytes, picked.bytes)}`,
    )
  }
  for (const image of [before, after]) whenLoaded(image, () => void add(image))
  return {
    forget() {
      measured.delete(after)
      if (!before.complete) measured.delete(before)
      place.replaceChildren()
    },
  }
}

function saving(before: number, after: number): string {
  const share = Math.round(100 * (1 - after / Math.max(1, before)))
  return share > 0 ? `${share} % less to send` : 'nothing is saved at this size and format'
}
