import { GatewayError } from '../errors.ts'
import { type DocumentEntry, type DocumentsRecord, documentsKey, documentsRecord } from '../media/records.ts'
import { Changes, type ChangesOptions, readRecord, type Target } from './changes.ts'
import type { Documents } from './library.ts'
import { assertId } from './photos.ts'

export interface DocumentsOptions extends ChangesOptions {
  /** The most documents that a user may have; those that have expired do not count. */
  readonly maxDocuments: number
  /** Wall clock in milliseconds. */
  readonly now?: () => number
}

/** The verification documents of a bucket. No cache knows them, so none has to forget them. */
export function createDocuments(options: DocumentsOptions): Documents {
  const changes = new Changes(options)
  const { store, maxDocuments, now = Date.now } = options
  const isValid = ({ expiresAt }: DocumentEntry) => expiresAt === undefined || Date.parse(expiresAt) > now()

  async function list(userId: string, signal?: AbortSignal): Promise<readonly DocumentEntry[]> {
    const record = (await readRecord(store, documentsTarget(userId), signal))?.record
    return record?.documents.filter(isValid) ?? []
  }

  return {
    list,
    find: async (userId, fileId, signal) =>
      (await list(userId, signal)).find((document) => document.fileId === fileId),
    async add(userId, document, options) {
      assertOfUser(document, userId)
      const apply = (before: DocumentsRecord | undefined): DocumentsRecord => {
        const record = before ?? { userId, revision: 0, documents: [] }
        if (record.documents.some(({ fileId }) => fileId === document.fileId)) return record
        if (record.documents.filter(isValid).length >= maxDocuments)
          throw new GatewayError('limit_reached', `A user has ${maxDocuments} documents at most`)
        return { ...record, documents: [...record.documents, document] }
      }
      await changes.make(documentsTarget(userId), { apply }, options)
    },
    async remove(userId, fileId, options) {
      const apply = (before: DocumentsRecord | undefined): DocumentsRecord => {
        const documents = before?.documents.filter((document) => document.fileId !== fileId) ?? []
        if (before === undefined || documents.length === before.documents.length)
          throw new GatewayError('not_found', 'There is no such document')
        return { ...before, documents }
      }
      await changes.make(documentsTarget(userId), { apply }, options)
    },
    async removeExpired(userId, options) {
      const apply = (before: DocumentsRecord | undefined): DocumentsRecord => {
        const record = before ?? { userId, revision: 0, documents: [] }
        const documents = record.documents.filter(isValid)
        return documents.length === record.documents.length ? record : { ...record, documents }
      }
      if ((await readRecord(store, documentsTarget(userId), options.signal)) === undefined) return
      await changes.make(documentsTarget(userId), { apply }, options)
    },
  }
}

function documentsTarget(userId: string): Target<DocumentsRecord> {
  assertId(userId)
  return {
    key: documentsKey(userId),
    object: `verification/${userId}`,
    parse: (value) => {
      const record = documentsRecord.safeParse(value).data
      return record?.userId === userId ? record : undefined
    },
    filesOf: ({ documents }) => documents.filter((document) => isInFolder(document, userId)),
    forgets: () => ({ paths: [] }),
  }
}

function assertOfUser(document: DocumentEntry, userId: string): void {
  assertId(document.fileId)
  if (!isInFolder(document, userId))
    throw new GatewayError('invalid_request', `The file has to lie in ${folderOf(document, userId)}`)
}

const folderOf = ({ type, fileId }: DocumentEntry, userId: string) =>
  `verification/${userId}/${type}/${fileId}/`

function isInFolder(document: DocumentEntry, userId: string): boolean {
  const folder = folderOf(document, userId)
  const name = document.key.startsWith(folder) ? document.key.slice(folder.length) : ''
  return name !== '' && !name.includes('/')
}
