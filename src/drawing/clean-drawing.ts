import { buildTree, type DrawingLimits } from './build-tree.ts'
import type { Purify } from './purify.ts'
import { readMarkup } from './read-markup.ts'

export { isGzipped } from './read-markup.ts'

/** What is read at most, of markup that is not compressed. */
const MAX_MARKUP_BYTES = 10_000_000

/** Of so many elements a drawing takes two seconds and a few hundred megabytes; more is no drawing for a page. */
const LIMITS: DrawingLimits = { maxElements: 20_000, maxAttributes: 200_000, maxDepth: 250 }

let purify: Promise<Purify> | undefined

/**
 * An SVG that looks the same and can neither run nor load anything: read strictly, cleaned by our own rules for addresses
 * and styles, purified by DOMPurify, and written anew as UTF-8. Refuses what is no SVG or is beyond the limits.
 */
export async function cleanDrawing(source: Uint8Array, maxBytes = MAX_MARKUP_BYTES): Promise<Buffer> {
  const tree = buildTree(await readMarkup(source, Math.min(maxBytes, MAX_MARKUP_BYTES)), LIMITS)
  purify ??= loadPurify()
  return Buffer.from((await purify)(tree))
}

/** Only when a drawing comes: a document object model takes half a second to load, and most workers never need it. */
async function loadPurify(): Promise<Purify> {
  const { createPurify } = await import('./purify.ts')
  return createPurify()
}
