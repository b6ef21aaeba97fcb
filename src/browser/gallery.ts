import { thumbHashToDataURL } from 'thumbhash'
import { measureAgain, measureShown, showMeasurement } from './measure.ts'

const FADE_MS = 260

/** The sample cards: placeholders, what each answer was like, and asking once more. */
export function showGallery(cards: Iterable<HTMLElement>, onPick: (path: string) => void): void {
  for (const card of cards) {
    const image = card.querySelector('img')
    if (image === null) continue
    showPlaceholder(card.querySelector<HTMLElement>('.frame'), image)
    whenLoaded(image, () => void measureShown(image).then((measured) => showMeasurement(card, measured)))
    const again = card.querySelector<HTMLButtonElement>('[data-action="again"]')
    again?.addEventListener('click', () => void askAgain(card, again, image))
    card
      .querySelector('[data-action="pick"]')
      ?.addEventListener('click', () => onPick(card.dataset['path'] ?? ''))
  }
}

/** Calls back each time an image has got its picture, and at once when it has one. */
export function whenLoaded(image: HTMLImageElement, onLoaded: () => void): void {
  image.addEventListener('load', onLoaded)
  if (image.complete && image.naturalWidth > 0) onLoaded()
}

/** Shows a size of a picture; that of another picture is taken away at once, that of the same one when the new one is there. */
export function replacePicture(image: HTMLImageElement, path: string, size: string): void {
  const url = `/img/${path}/${size}`
  if (!image.src.includes(`/img/${path}/`)) image.classList.add('is-waiting')
  for (const outcome of ['load', 'error'])
    image.addEventListener(outcome, () => image.classList.remove('is-waiting'), { once: true })
  image.src = url
}

/** The ThumbHash behind a picture that is still on its way, which then fades in over it. */
export function showPlaceholder(frame: HTMLElement | null, image: HTMLImageElement): void {
  const hash = frame?.dataset['thumbhash'] ?? ''
  if (frame === null || hash === '' || image.complete) return
  frame.style.backgroundImage = `url(${thumbHashToDataURL(bytesOf(hash))})`
  // A large one is there before it can be drawn.
  const fade = () => fadeIn(image, frame)
  image.addEventListener('load', () => void image.decode().then(fade, fade), { once: true })
}

function fadeIn(image: HTMLImageElement, frame: HTMLElement): void {
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
  const fade = image.animate([{ opacity: 0 }, { opacity: 1 }], { duration: isStill ? 0 : FADE_MS })
  // What is transparent in a picture is to show the page, not its placeholder.
  fade.addEventListener('finish', () => {
    frame.style.backgroundImage = ''
  })
}

async function askAgain(card: HTMLElement, button: HTMLButtonElement, image: HTMLImageElement) {
  button.setAttribute('aria-busy', 'true')
  try {
    showMeasurement(card, await measureAgain(image.currentSrc))
  } catch (error) {
    const place = card.querySelector('[data-fact="layer"]')
    if (place !== null) place.textContent = error instanceof Error ? error.message : 'No answer'
  } finally {
    button.removeAttribute('aria-busy')
  }
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
