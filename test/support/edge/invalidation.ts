const MAX_PATH = 4000
const MAX_TAG = 256
const MAX_TAGS = 50
const TAG = /^[\x21-\x2b\x2d-\x7e]+$/

/** Whether a copy at this path, with these tags, is meant. */
export type Invalidation = (path: string, tags: ReadonlySet<string>) => boolean

/** Reads the items of an invalidation; throws where one is no path, no path with a `*` at its end and no `#tag`. */
export function parseInvalidation(items: readonly string[]): Invalidation {
  const faults = items.filter((item) => !isInvalidationItem(item))
  if (faults.length > 0) throw new RangeError(`Cannot be invalidated: ${faults.join(' ')}`)
  const tags = items.filter((item) => item.startsWith('#')).map((item) => item.slice(1).toLowerCase())
  const paths = items.filter((item) => item.startsWith('/'))
  const prefixes = paths.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1))
  const exact = new Set(paths)
  return (path, held) =>
    exact.has(path) || tags.some((tag) => held.has(tag)) || prefixes.some((prefix) => path.startsWith(prefix))
}

/** Whether the API takes an item. */
export function isInvalidationItem(item: string): boolean {
  if (item.startsWith('#')) return item.length <= MAX_TAG + 1 && TAG.test(item.slice(1))
  return item.startsWith('/') && item.length <= MAX_PATH && !/[~\s]|[^\x21-\x7e]/.test(item)
}

/** The tags that count of a header: visible ASCII of up to 256 characters, the first fifty, in lower case. */
export function tagsOf(header = ''): ReadonlySet<string> {
  const tags = header.split(',').map((tag) => tag.trim())
  return new Set(
    tags
      .filter((tag) => tag.length <= MAX_TAG && TAG.test(tag))
      .slice(0, MAX_TAGS)
      .map((tag) => tag.toLowerCase()),
  )
}
