import { html } from 'hono/html'
import type { DemoPicture } from './demo-page.ts'

/** Widths of the boxes that cards are cut to, 4:3: all of them stand on the ladder of sizes. */
const CARD_WIDTHS = [320, 480, 640, 960, 1280] as const
/** Cards at the top of the page are wanted at once; the others when somebody comes near them. */
const AT_ONCE = 3
const SIZES = '(min-width: 70rem) 21rem, (min-width: 44rem) 45vw, 92vw'

const boxOf = (width: number) => `${width}x${(width * 3) / 4}`

/** A picture as a site would show it: three formats, several sizes, and its sides, so that nothing jumps. */
export function cardPicture({ path, title, width }: DemoPicture, index: number) {
  const widths = CARD_WIDTHS.filter((rung, place) => place === 0 || rung <= width)
  const srcset = (format: string) =>
    widths.map((rung) => `/img/${path}/${boxOf(rung)}.${format} ${rung}w`).join(', ')
  const isWantedAtOnce = index < AT_ONCE
  return html`<picture>
          <source type="image/avif" srcset="${srcset('avif')}" sizes="${SIZES}">
          <source type="image/webp" srcset="${srcset('webp')}" sizes="${SIZES}">
          <img src="/img/${path}/${boxOf(widths.at(-1) ?? CARD_WIDTHS[0])}.jpg" srcset="${srcset('jpg')}" sizes="${SIZES}"
            width="640" height="480" alt="${title}" decoding="async"
            loading="${isWantedAtOnce ? 'eager' : 'lazy'}" fetchpriority="${isWantedAtOnce ? 'high' : 'auto'}">
        </picture>`
}

const FACTS = [
  ['type', 'Type'],
  ['bytes', 'Size'],
  ['time', 'Time'],
  ['layer', 'From'],
  ['cache-control', 'Cache-Control'],
] as const

/** What the script fills in about the answer that a picture came with. */
export function factsList(label: string) {
  return html`<dl class="facts" aria-label="${label}">
          ${FACTS.map(([name, words]) => html`<div class="fact ${name}"><dt>${words}</dt><dd data-fact="${name}">–</dd></div>`)}
        </dl>`
}
