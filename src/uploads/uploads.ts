import type { Readable } from 'node:stream'
import type { Principal } from '../identity/principal.ts'
import type { Kind } from '../media/kinds.ts'
import type { DocumentEntry, PhotoEntry } from '../media/records.ts'

export { KINDS, type Kind } from '../media/kinds.ts'

/** What a client wants to upload, and what it is for. */
export interface UploadRequest {
  readonly kind: Kind
  /** An item's id for `item-photo`, else a user's. */
  readonly ownerId: string
  readonly fileName: string
  readonly contentType: string
  /** Length of the file. */
  readonly bytes: number
  /** SHA-256 of the file, in hex. */
  readonly sha256?: string | undefined
  /** The slot whose photo is replaced; without it a new one. */
  readonly photoId?: string | undefined
  /** Where in the order a new photo goes; without it to the end. */
  readonly at?: number | undefined
  readonly documentType?: string | undefined
  /** From when on a document is not handed out any more, ISO 8601. */
  readonly documentExpiresAt?: string | undefined
}

/** One part that a client has to send: exactly so many bytes. */
export interface TicketPart {
  readonly partNumber: number
  readonly bytes: number
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface TicketHead {
  readonly uploadId: string
  /** ISO 8601. */
  readonly expiresAt: string
  readonly maxBytes: number
}

/** A signed permission to upload one file: a form, one PUT, or parts of which those that have arrived are left out. */
export type Ticket = TicketHead &
  (
    | { readonly method: 'POST'; readonly url: string; readonly fields: Readonly<Record<string, string>> }
    | { readonly method: 'PUT'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
    | {
        readonly method: 'PUT'
        readonly partBytes: number
        readonly parts: readonly TicketPart[]
        readonly arrived: readonly number[]
      }
  )

/** What a completed upload has become. */
export type Completed =
  | {
      readonly kind: 'item-photo' | 'profile-photo'
      readonly ownerId: string
      readonly photo: PhotoEntry
      readonly replaced: boolean
    }
  | { readonly kind: 'verification-document'; readonly ownerId: string; readonly document: DocumentEntry }

/** What a client says of itself, for the audit. */
export interface UploadContext {
  readonly principal: Principal
  readonly requestId?: string | undefined
  readonly address?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Files on their way in. Throws what the catalogue calls `upload_…`, `access_denied`, `not_found`, `limit_reached`; what is
 * refused leaves nothing behind.
 */
export interface Uploads {
  begin(request: UploadRequest, context: UploadContext): Promise<Ticket>
  /** The ticket again with new URLs, to go on with; `upload_gone` when it has expired or is completed. */
  resume(uploadId: string, context: UploadContext): Promise<Ticket>
  /** Checks what has arrived, and names it in its record. The same answer again for one that is completed. */
  complete(uploadId: string, context: UploadContext): Promise<Completed>
  abort(uploadId: string, context: UploadContext): Promise<void>
  /** A file through the gateway, never held whole; `bytes` of the request is what the client says, if it does. */
  receive(
    request: Omit<UploadRequest, 'bytes'> & { readonly bytes?: number | undefined },
    body: Readable,
    context: UploadContext,
  ): Promise<Completed>
}
