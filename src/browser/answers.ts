/** A photo as the API tells of it. */
export interface UploadedPhoto {
  readonly photoId: string
  readonly contentType: string
  readonly bytes: number
  readonly width: number
  readonly height: number
  /** A ThumbHash in base64, to show until the picture is there. */
  readonly placeholder?: string
  /** `#rrggbb`. */
  readonly dominantColour?: string
  readonly urls: Readonly<Record<'thumbnail' | 'medium' | 'large' | 'original', string>>
}

/** A verification document as the API tells of it. */
export interface UploadedDocument {
  readonly fileId: string
  readonly type: string
  readonly contentType: string
  readonly bytes: number
  readonly fileName: string
}

/** What the upload has become: one of the two. */
export interface UploadResult {
  readonly photo?: UploadedPhoto
  readonly document?: UploadedDocument
}

/** One part that is still to be sent. */
export interface TicketPart {
  readonly partNumber: number
  readonly bytes: number
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface TicketHead {
  readonly uploadId: string
}

/** What the API permits: a form, one PUT, or parts. */
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
