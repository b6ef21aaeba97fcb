import { cleanStyle, isHarmlessValue } from './clean-css.ts'
import { isInlinePicture, isWithin } from './references.ts'
import { ANIMATED, REFERENCES } from './vocabulary.ts'

/** Elements that show a picture. */
const PICTURES = new Set(['image', 'feImage'])

/** The value of an attribute, made harmless; `undefined` where the attribute is to be left out. */
export function cleanAttribute(element: string, name: string, value: string): string | undefined {
  if (REFERENCES.has(name)) return cleanReference(element, value.trim())
  if (name === 'style') return cleanStyle(value) || undefined
  if (name === 'attributeName') return ANIMATED.has(value.trim()) ? value.trim() : undefined
  return isHarmlessList(value) ? value : undefined
}

/** What could hide a semicolon, so that a list would be cut at the wrong places. */
const HIDING = /["']/

/** An animation has a list of values, everything else one. Nobody writes comments or escapes there. */
function isHarmlessList(value: string): boolean {
  if (!/[(\\]/.test(value)) return true
  if (value.includes('\\') || value.includes('/*')) return false
  const values = value.split(';')
  return (values.length === 1 || !HIDING.test(value)) && values.every(isHarmlessValue)
}

function cleanReference(element: string, address: string): string | undefined {
  const isKept = isWithin(address) || (PICTURES.has(element) && isInlinePicture(address))
  return isKept ? address : undefined
}
