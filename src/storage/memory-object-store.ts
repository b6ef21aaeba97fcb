import { createHash } from 'node:crypto'
import { batchSize, checkDelete } from './batches.ts'
import type {
  CallOptions,
  DeleteOptions,
  GetOptions,
  GetResult,
  ListedObject,
  ListOptions,
  ObjectFacts,
  ObjectStore,
  PutOptions,
  PutResult,
  StoredObject,
} from './object-store.ts'
import { checkKey, stampMetadata } from './stamp.ts'

/** A bucket in memory that keeps the whole contract; its content ends with it. */
export function createMemoryObjectStore(): ObjectStore {
  const objects = new Map<string, StoredObject>()

  async function head(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    await begin([key], options)
    const object = objects.get(key)
    if (object === undefined) return undefined
    const { body: _body, ...facts } = object
    return facts
  }

  async function get(key: string, options: GetOptions = {}): Promise<GetResult> {
    await begin([key], options)
    const object = objects.get(key)
    if (object === undefined) return { outcome: 'absent' }
    if (options.ifMatch !== undefined && options.ifMatch !== object.etag) return { outcome: 'changed' }
    if (options.ifNoneMatch === object.etag) return { outcome: 'unchanged' }
    if (object.bytes > (options.maxBytes ?? Infinity)) return { outcome: 'too-large', bytes: object.bytes }
    return { outcome: 'found', object: { ...object, body: Buffer.from(object.body) } }
  }

  async function put(key: string, bytes: Uint8Array, options: PutOptions): Promise<PutResult> {
    await begin([key], options)
    // No await from here on: the condition and the write are one step.
    const object = toObject(key, bytes, options)
    const present = objects.get(key)
    const exists = options.ifNoneMatch === '*' && present !== undefined
    const differs = options.ifMatch !== undefined && options.ifMatch !== present?.etag
    if (exists || differs) return { outcome: 'conflict' }
    objects.set(key, object)
    return { outcome: 'stored', etag: object.etag }
  }

  async function deleteKeys(keys: readonly string[], options?: DeleteOptions): Promise<void> {
    checkDelete(keys, options)
    await begin(keys, options)
    for (const key of keys) {
      const isWanted = options?.ifMatch === undefined || options.ifMatch === objects.get(key)?.etag
      if (isWanted) objects.delete(key)
    }
  }

  async function* list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject> {
    let after = options?.after ?? ''
    let page: ListedObject[]
    do {
      await begin([], options)
      page = pageBehind(objects, prefix, after)
      options?.onPage?.()
      yield* page
      after = page.at(-1)?.key ?? after
    } while (page.length === batchSize)
  }

  return { head, get, put, delete: deleteKeys, list }
}

function pageBehind(
  objects: ReadonlyMap<string, StoredObject>,
  prefix: string,
  after: string,
): ListedObject[] {
  return [...objects.values()]
    .filter(({ key }) => key.startsWith(prefix) && compareKeys(key, after) > 0)
    .toSorted((one, other) => compareKeys(one.key, other.key))
    .slice(0, batchSize)
    .map(({ key, etag, bytes, lastModified }) => ({ key, etag, bytes, lastModified }))
}

async function begin(keys: readonly string[], options: CallOptions | undefined): Promise<void> {
  for (const key of keys) checkKey(key)
  options?.signal?.throwIfAborted()
}

function toObject(key: string, bytes: Uint8Array, options: PutOptions): StoredObject {
  return {
    key,
    body: Buffer.from(bytes),
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    bytes: bytes.byteLength,
    // Whole seconds, as HTTP tells them.
    lastModified: new Date(Math.floor(Date.now() / 1000) * 1000),
    contentType: options.contentType,
    ...(options.cacheControl !== undefined && { cacheControl: options.cacheControl }),
    metadata: stampMetadata(bytes, options.metadata),
  }
}

// UTF-8 byte order; JavaScript's own comparison puts U+E000 and up after the surrogates.
function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
