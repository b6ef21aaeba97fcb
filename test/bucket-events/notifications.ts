import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectFacts, ObjectStore } from '../../src/storage/object-store.ts'

export const BUCKET = 'pictures'

interface Notified {
  readonly eventName?: string
  readonly key: string
  readonly eTag?: string
}

/** A message as S3 writes it; keys are taken as they are. */
export function s3Message(records: readonly Notified[], bucket = BUCKET): string {
  return JSON.stringify({
    Records: records.map(({ eventName = 'ObjectCreated:Put', key, eTag }) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName,
      s3: { bucket: { name: bucket }, object: { key, size: 1, eTag, sequencer: '0055AED6DCD90281E5' } },
    })),
  })
}

/** An event as EventBridge writes it. */
export function bridgedEvent(
  type: string,
  { key, reason, etag }: { key: string; reason?: string; etag?: string },
): string {
  return JSON.stringify({
    version: '0',
    source: 'aws.s3',
    'detail-type': type,
    detail: { bucket: { name: BUCKET }, object: { key, etag }, reason },
  })
}

/** An unsigned message of SNS, as a queue that is subscribed to a topic gets it. */
export function snsNotification(message: string): string {
  const TopicArn = 'arn:aws:sns:us-east-1:123456789012:pictures'
  return JSON.stringify({ Type: 'Notification', MessageId: '1', TopicArn, Message: message })
}

const OTHER_PROGRAM = { program: 'another' }

/** A bucket that tells of every change of it, as S3 does. */
export function createNotifyingStore(inner: ObjectStore = createMemoryObjectStore()) {
  const messages: string[] = []
  const tell = (eventName: string, key: string, eTag?: string) => {
    const encoded = encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/')
    messages.push(s3Message([{ eventName, key: encoded, ...(eTag !== undefined && { eTag: bare(eTag) }) }]))
  }
  const store: ObjectStore = {
    async head(key, options) {
      const facts = await inner.head(key, options)
      return facts && seen(facts)
    },
    async get(key, options) {
      const result = await inner.get(key, options)
      return result.outcome === 'found' ? { ...result, object: seen(result.object) } : result
    },
    list: (prefix, options) => inner.list(prefix, options),
    async put(key, bytes, options) {
      const put = await inner.put(key, bytes, options)
      if (put.outcome === 'stored') tell('ObjectCreated:Put', key, put.etag)
      return put
    },
    async delete(keys, options) {
      await inner.delete(keys, options)
      for (const key of keys) tell('ObjectRemoved:Delete', key)
    },
  }
  return {
    store,
    messages,
    /** Writes an object as another program does: without the stamp of Halftone. */
    async putForeign(key: string, body: string): Promise<void> {
      await store.put(key, Buffer.from(body), { contentType: 'text/plain', metadata: OTHER_PROGRAM })
    },
  }
}

/** The store stamps whatever is put through it. */
function seen<Facts extends ObjectFacts>(facts: Facts): Facts {
  return facts.metadata['program'] === undefined ? facts : { ...facts, metadata: OTHER_PROGRAM }
}

/** An ETag as notifications spell it. */
export const bare = (etag: string | undefined): string => etag?.replaceAll('"', '') ?? ''
