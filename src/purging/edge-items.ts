import { ownTag } from '../cdn/cache-tags.ts'
import { GatewayError } from '../errors.ts'
import { parseSourcePath } from '../urls/source-path.ts'
import { formatPath } from '../urls/target.ts'
import type { EdgeItem } from './purging.ts'

export interface EdgeItemsOptions {
  /** By what the edge finds what it has to forget: tags, where the distribution reads them, or wildcard paths. */
  readonly by: 'tags' | 'paths'
  /** Whether pictures are asked for at signed paths, too: those begin with their signature. */
  readonly signed: boolean
  /** Whether the edge may keep the files of photos as they were uploaded, where it reads tags: they are no pictures. */
  readonly originals?: boolean | undefined
  /** Where else pictures are, of which an edge that reads tags knows no other paths: `/cdn-cgi/image/*`. */
  readonly others?: readonly EdgeItem[] | undefined
}

/** What an edge is asked for in a call or a second, and what it limits. */
export interface EdgeCost {
  /** All items, wildcards included. */
  readonly items: number
  readonly wildcards: number
}

/** Signed paths: nothing but all of them can be named. */
const ALL_SIGNED = '/simg/*'
/** Before the path of an item or a profile: where its pictures are, and the files of its photos. */
const PICTURES = '/img/'
const ORIGINALS = '/api/v1/'

/** What the edge is told for some purges: each thing once, and nothing that another item covers. */
export function edgeItems(
  purges: readonly { readonly paths: readonly string[]; readonly edge?: readonly EdgeItem[] | undefined }[],
  options: EdgeItemsOptions,
): readonly EdgeItem[] {
  const paths = new Set(purges.flatMap((purge) => purge.paths))
  const own = [...paths].filter((path) => options.by === 'paths' || !isBelowTagged(path, paths))
  const items = own.flatMap((path) => itemsOf(path, options))
  return withoutCovered([...items, ...purges.flatMap(({ edge = [] }) => edge)])
}

/** The few wildcards that cover all these items, and the items that lie elsewhere. */
export function collapse(items: readonly EdgeItem[], options: EdgeItemsOptions): readonly EdgeItem[] {
  const wide = items.flatMap((item) => {
    if (item.startsWith('#variant:')) return []
    if (/^#(?:item|photo):|^\/img\/items\//.test(item)) return everywhere('items/*', options)
    if (/^#profile:|^\/img\/profiles\//.test(item)) return everywhere('profiles/*', options)
    if (item.startsWith(ORIGINALS)) return [item.replace(/(?<=^\/api\/v1\/[a-z]+\/).*/, '*')]
    return item.startsWith('#') || item.startsWith(PICTURES) ? [`${PICTURES}*`] : [item]
  })
  const isTagged = items.some((item) => item.startsWith('#'))
  const others = isTagged ? othersIn(options) : []
  return withoutCovered([...wide, ...others, ...(options.signed ? [ALL_SIGNED] : [])])
}

/** An edge that reads paths keeps what lies there for as short a time as if nobody told it anything. */
const othersIn = ({ by, others = [] }: EdgeItemsOptions) => (by === 'tags' ? others : [])

/** What a call with these items takes of the edge's quotas. */
export function costOf(items: Iterable<EdgeItem>): EdgeCost {
  const all = [...items]
  return { items: all.length, wildcards: all.filter(isWildcard).length }
}

/** Whether an item stands for all paths that begin so. */
export const isWildcard = (item: EdgeItem): boolean => item.startsWith('/') && item.endsWith('*')

function itemsOf(path: string, options: EdgeItemsOptions): readonly EdgeItem[] {
  const { by, signed } = options
  const isFolder = path.endsWith('/')
  const source = parseSourcePath(path.replace(/\/+$/, '').split('/'))
  if (by === 'tags' && !isFolder) return [`#${ownTag(source)}`]
  // The cover may be asked for by its item.
  const wildcard = wildcardBelow(
    source.shape === 'item-photo' && !isFolder ? `items/${source.itemId}` : source.path,
  )
  if (wildcard === undefined) return []
  const items = [...everywhere(wildcard.slice(PICTURES.length), options), ...othersIn(options)]
  return signed ? [...items, ALL_SIGNED] : items
}

/** What lies below `/img/`, and where files of the same items or profiles may be kept, these too. */
function everywhere(wildcard: string, { by, originals = false }: EdgeItemsOptions): readonly EdgeItem[] {
  const hasOriginals = originals && by === 'tags' && /^(?:items|profiles)\//.test(wildcard)
  return [`${PICTURES}${wildcard}`, ...(hasOriginals ? [`${ORIGINALS}${wildcard}`] : [])]
}

/** `undefined` for what no URL can name, so that no cache has it. */
function wildcardBelow(path: string): EdgeItem | undefined {
  try {
    // Invalidations know no `~`: what begins like it goes with it.
    return `${PICTURES}${formatPath(path)}/`.replace(/~.*/, '').concat('*')
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** Whether one of the paths stands above this one, and its tag is on everything below it. */
function isBelowTagged(path: string, paths: ReadonlySet<string>): boolean {
  const above = parentsOf(path)
  return above.some((parent) => {
    if (paths.has(`${parent}/`)) return true
    return paths.has(parent) && parseSourcePath(parent.split('/')).shape !== 'key'
  })
}

function withoutCovered(items: readonly EdgeItem[]): readonly EdgeItem[] {
  const all = new Set(items)
  const isCovered = (item: EdgeItem) =>
    item.startsWith('/') && parentsOf(item).some((parent) => all.has(`${parent}/*`) && `${parent}/*` !== item)
  return [...all].filter((item) => !isCovered(item))
}

/** The folders that a path lies in, without their slash. */
function parentsOf(path: string): readonly string[] {
  const parents: string[] = []
  for (let end = path.indexOf('/', 1); end !== -1 && end < path.length - 1; end = path.indexOf('/', end + 1))
    parents.push(path.slice(0, end))
  return parents
}
