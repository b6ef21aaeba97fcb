const LESS_THAN = 0x3c

/** How many tags an SVG has, up to `most`: elements begin and end with one, comments and the like are one. */
export function countTags(source: Uint8Array, most: number): number {
  let tags = 0
  for (let at = source.indexOf(LESS_THAN); at !== -1 && tags < most; at = source.indexOf(LESS_THAN, at + 1))
    tags += 1
  return tags
}
