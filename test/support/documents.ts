import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A block of commands in the documentation. */
export interface CommandBlock {
  /** The page and the heading above it; of several under one heading the second ends in ` (2)`. */
  readonly name: string
  readonly text: string
}

/** The pages for people who use and run Halftone, or change it. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'bench/README.md',
  ...readdirSync('docs')
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
]

/** The blocks of `sh` of a page, in order. */
export function commandBlocks(page: string, text: string = readFileSync(page, 'utf8')): CommandBlock[] {
  const seen = new Map<string, number>()
  return [...text.matchAll(/^```(?:sh|bash|shell)\n(.*?)^```$/gms)].map(({ index, 1: commands = '' }) => {
    const heading = [...text.slice(0, index).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? ''
    const place = `${page}: ${heading}`
    const count = (seen.get(place) ?? 0) + 1
    seen.set(place, count)
    return { name: count === 1 ? place : `${place} (${count})`, text: commands }
  })
}
