import type { ListedObject } from '../../src/storage/object-store.ts'

/** Objects as a bucket lists them: in the order of their keys, which are given in any order. */
export async function* listingOf(
  sizes: Readonly<Record<string, number>>,
): AsyncGenerator<ListedObject, void, undefined> {
  const keys = Object.keys(sizes).toSorted((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  )
  for (const key of keys) yield listed(key, sizes[key])
}

/** One object of a listing. */
export function listed(key: string, bytes = 1): ListedObject {
  return { key, bytes, etag: '"e"', lastModified: new Date(0) }
}

/** All that comes, once it has ended. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}
