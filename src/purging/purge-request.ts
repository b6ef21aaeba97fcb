import { GatewayError } from '../errors.ts'
import { idPattern } from '../urls/ids.ts'
import type { NativeDialect } from '../urls/native-dialect.ts'
import { itemPhotoPath, remotePath } from '../urls/source-path.ts'
import { formatPath, parseSegments, pathOf } from '../urls/target.ts'

/** What somebody asks to be forgotten, in the words of URLs and tags. */
export interface PurgeRequest {
  /** Ids of items. */
  readonly items?: readonly string[] | undefined
  /** Cache tags, such as `item:42`, with or without a `#` before them. */
  readonly tags?: readonly string[] | undefined
  /** Source paths such as `photos/cat.jpg`, paths of pictures such as `/img/items/42/800.webp`, or URLs of sources. */
  readonly paths?: readonly string[] | undefined
  /** What paths begin with, up to a slash: `photos/2024/`, with or without a `*` behind it. */
  readonly prefixes?: readonly string[] | undefined
}

/** The same in the words of a purge. */
export interface PurgeTargets {
  readonly paths: readonly string[]
  /** What only the edge has to forget besides. */
  readonly edge: readonly string[]
}

/** The longest path that the edge takes. */
const MAX_EDGE_PATH = 4000
const TAG = /^#?(?<name>item|photo|profile|key):(?<value>[\x21-\x2b\x2d-\x7e]+)$/
/** A value that was too long for a tag. */
const HASH = /^~[A-Za-z0-9_-]{43}$/

/** How paths of pictures, and addresses of sources on other servers, are read. */
export interface PictureDialect extends Pick<NativeDialect, 'parse'> {
  /** Whether a URL that also reads as a picture of ours may be that of a source. */
  readonly mayBeSource?: ((url: URL) => boolean) | undefined
}

/** What is to be forgotten; `invalid_request` for what is none of what can be asked, with what is accepted. */
export function parsePurgeRequest(
  { items = [], tags = [], paths = [], prefixes = [] }: PurgeRequest,
  dialect: PictureDialect,
): PurgeTargets {
  const all = [
    ...items.map(ofItem),
    ...tags.map(ofTag),
    ...paths.map((path) => ofPath(path, dialect)),
    ...prefixes.map(ofPrefix),
  ]
  if (all.length === 0) throw refused('name at least one item, tag, path or prefix')
  return {
    paths: [...new Set(all.flatMap((targets) => targets.paths))],
    edge: [...new Set(all.flatMap((targets) => targets.edge))],
  }
}

const isTag = (word: string): boolean => /^(?:#|tag:)/.test(word)

/** Sorts the words of a command line: `#item:42` or `tag:item:42`, `items/*`, and paths. */
export function sortPurgeWords(words: readonly string[]): PurgeRequest {
  const isPrefix = (word: string) => !isTag(word) && word.endsWith('*')
  return {
    tags: words.filter(isTag).map((word) => word.replace(/^tag:/, '')),
    prefixes: words.filter(isPrefix),
    paths: words.filter((word) => !isTag(word) && !isPrefix(word)),
  }
}

function ofItem(id: string): PurgeTargets {
  if (!idPattern.test(id)) throw refused(`${shown(id)} is no id of an item`)
  return { paths: [`items/${id}`], edge: [] }
}

function ofTag(tag: string): PurgeTargets {
  const { name = '', value = '' } = TAG.exec(tag)?.groups ?? {}
  // What it stands for cannot be told from it: the edge alone can find it.
  if (HASH.test(value)) return { paths: [], edge: [`#${name}:${value}`] }
  const path = pathOfTag(name, decode(value))
  if (path === undefined)
    throw refused(
      `${shown(tag)} is no tag; accepted are such as item:42, photo:42/p1, profile:ana, key:a.jpg`,
    )
  return { paths: [path], edge: [] }
}

function pathOfTag(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const ids = value.split('/')
  const isIds = ids.every((id) => idPattern.test(id))
  if (name === 'item' && isIds && ids.length === 1) return `items/${value}`
  if (name === 'profile' && isIds && ids.length === 1) return `profiles/${value}`
  if (name === 'photo' && isIds && ids.length === 2) return itemPhotoPath(ids[0] ?? '', ids[1] ?? '')
  return name === 'key' ? checked(value) : undefined
}

function ofPath(text: string, dialect: PictureDialect): PurgeTargets {
  const picture = /^(?:https?:\/\/[^/]+)?\/s?img\//i.test(text) ? ofPicture(text, dialect) : undefined
  const url = /^https?:\/\//i.test(text) ? parseUrl(text) : undefined
  if (url !== undefined && (picture === undefined || dialect.mayBeSource?.(url) === true)) {
    return { paths: [...(picture?.paths ?? []), remotePath(url).path], edge: picture?.edge ?? [] }
  }
  if (picture !== undefined) return picture
  if (text.endsWith('/*')) throw refused(`${shown(text)} is a prefix, not a path`)
  const path = text.replace(/^\/?(?:img\/)?/, '').replace(/\/$/, '')
  try {
    return { paths: [decodePath(path)], edge: [] }
  } catch (cause) {
    const accepted = 'accepted is a path such as items/42 or /img/items/42/800.webp'
    throw refused(`${shown(text)} is no source path; ${accepted}`, cause)
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) return new URL(text)
  throw refused(`${shown(text)} is no address`)
}

/** The source of a picture, and at the edge the one path besides; `undefined` for what is no picture's path. */
function ofPicture(text: string, dialect: PictureDialect): PurgeTargets | undefined {
  try {
    const path = pathOf(text)
    const bare = path.replace(/^\/simg\/[^/]+\//, '/img/')
    const parsed = dialect.parse(bare)
    const canonical = parsed.kind === 'redirect' ? dialect.parse(parsed.location) : parsed
    if (canonical.kind !== 'image') return undefined
    const named = asAskedFor(path)
    // Invalidations know no `~`; by its source it is found all the same.
    const isNamed = !named.includes('~') && named.length <= MAX_EDGE_PATH
    return { paths: [canonical.request.source.path], edge: isNamed ? [named] : [] }
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** As browsers write what is no visible ASCII. */
const asAskedFor = (path: string): string => path.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)

function ofPrefix(text: string): PurgeTargets {
  const accepted = 'accepted is one that ends at a slash, such as items/* or photos/2024/'
  const folder = text.replace(/^\/?(?:img\/)?/, '').replace(/\*$/, '')
  if (!folder.endsWith('/')) throw refused(`${shown(text)} is no prefix; ${accepted}`)
  try {
    return { paths: [`${decodePath(folder.slice(0, -1))}/`], edge: [] }
  } catch (cause) {
    throw refused(`${shown(text)} is no prefix; ${accepted}`, cause)
  }
}

const decodePath = (path: string): string =>
  parseSegments(`/${path}`)
    .map((segment) => segment.text)
    .join('/')

/** A decoded path, if a URL can name it. */
function checked(path: string): string | undefined {
  try {
    formatPath(path)
    return path
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200))

const refused = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('invalid_request', message, { cause })
