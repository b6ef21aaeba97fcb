import { createHash } from 'node:crypto'
import { MAX_EDITS_LENGTH } from '../transform/edits.ts'
import { specName, type VariantSpec } from '../transform/spec.ts'
import { parseVersionSegment } from './version.ts'

/** Where variants lie: `img/` for public sources, `private/` for all others. */
export const VARIANT_TREES = ['img', 'private'] as const
export type VariantTree = (typeof VARIANT_TREES)[number]

/** The longest key that a bucket takes, in bytes. */
export const MAX_KEY_BYTES = 1024

const LONGEST_TAIL = '/@123456789012345/16384x16384,fit=aspect-crop.avif'.length + MAX_EDITS_LENGTH
const HASH_CHARACTERS = 22
const CUT = /~[A-Za-z0-9_-]{22}$/

/** Where the variant lies in the bucket: its versioned path, decoded, with a source that is too long cut. */
export function variantKey(
  source: string,
  version: string,
  spec: VariantSpec,
  tree: VariantTree = 'img',
): string {
  return `${variantPrefix(source, tree)}${version}/${specName(spec)}`
}

/** What the key of a stored variant says about it. */
export interface VariantAddress {
  readonly tree: VariantTree
  readonly source: string
  readonly version: string
}

/** Reads a variant's key; `undefined` for what is none, and for a source that was cut: its key no longer tells it. */
export function parseVariantKey(key: string): VariantAddress | undefined {
  const [tree, ...segments] = key.split('/')
  if (tree !== 'img' && tree !== 'private') return undefined
  const version = parseVersionSegment(segments.at(-2) ?? '')
  const source = segments.slice(0, -2).join('/')
  if (version === undefined || source === '' || isCut(source, tree)) return undefined
  return { tree, source, version }
}

/**
 * What the keys of all variants of a source begin with, whatever version or spec. Sources below a segment that itself
 * begins with `@` share it: who lists it to delete may delete a few variants too many, never one too few.
 */
export function variantPrefix(source: string, tree: VariantTree = 'img'): string {
  return `${tree}/${fit(source, roomOf(tree))}/@`
}

/**
 * What the keys of all variants of a path, and of every source below it, begin with. A path that is cut where variants'
 * keys are cut shares it with its neighbours: a few variants too many, never one too few.
 */
export function variantsBelow(path: string, tree: VariantTree = 'img'): string {
  const headBytes = roomOf(tree) - HASH_CHARACTERS - 1
  const whole = `${path}/`
  return `${tree}/${Buffer.byteLength(whole) <= headBytes ? whole : cut(path, headBytes)}`
}

// Room is kept for the longest spec, so that the cut depends on the source alone and the prefix is the same for all.
function fit(source: string, roomBytes: number): string {
  if (Buffer.byteLength(source) <= roomBytes) return source
  const hash = createHash('sha256').update(source).digest('base64url').slice(0, HASH_CHARACTERS)
  return `${cut(source, roomBytes - HASH_CHARACTERS - 1)}~${hash}`
}

// A source may look so of its own accord; whoever asks has to leave it alone then, too.
function isCut(source: string, tree: VariantTree): boolean {
  const longestCharacter = 4
  return CUT.test(source) && Buffer.byteLength(source) > roomOf(tree) - longestCharacter
}

function roomOf(tree: VariantTree): number {
  return MAX_KEY_BYTES - tree.length - 1 - LONGEST_TAIL
}

function cut(text: string, bytes: number): string {
  // encodeInto stops at the last whole character that fits.
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes))
  return text.slice(0, read)
}
