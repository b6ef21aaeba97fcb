import { color, serializeRGB } from '@csstools/css-color-parser'
import { parseComponentValue } from '@csstools/css-parser-algorithms'
import { tokenize } from '@csstools/css-tokenizer'
import type { Colour } from '../transform/edits.ts'

/** Longer than any colour that is written by hand; the parser works itself down into brackets. */
const MAX_LENGTH = 100

/**
 * A colour as CSS writes it, old or new: names, `#rgb` to `#rrggbbaa`, `rgb()`, `hsl()`, `hwb()`, `lab()`, `oklch()`,
 * `color()` … brought into sRGB. `undefined` for what is none, and for those that only a page can know, such as
 * `currentcolor`.
 */
export function parseCssColour(text: string): Colour | undefined {
  if (text.length > MAX_LENGTH) return undefined
  let isSound = true
  const onParseError = (): void => {
    isSound = false
  }
  const value = parseComponentValue(tokenize({ css: text }, { onParseError }), { onParseError })
  const found = value !== undefined && isSound ? color(value) : false
  if (found === false) return undefined
  const [red = 0, green = 0, blue = 0, alpha = 1] = String(serializeRGB(found))
    .replace(/^.*\(|\)$/g, '')
    .split(',')
    .map(Number)
  return hex(red, green, blue) + (alpha < 1 ? hex(alpha * 255) : '')
}

const hex = (...channels: readonly number[]): string =>
  channels.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')
