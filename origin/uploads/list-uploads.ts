import { compareUtf8 } from '../store/compare-utf8.ts'
import type { Upload } from './upload-record.ts'

export interface UploadsRequest {
  readonly prefix: string
  /** Empty: none. */
  readonly delimiter: string
  /** Uploads and common prefixes together. */
  readonly limit: number
  /** A key or a common prefix; empty: from the beginning. */
  readonly keyMarker: string
  /** With it also the uploads of the marker's key that come after it. */
  readonly idMarker: string
}

export interface UploadsPage {
  readonly uploads: readonly Upload[]
  readonly prefixes: readonly string[]
  /** The markers of the next page; missing on the last. */
  readonly next?: { readonly key: string; readonly id: string }
}

/** One page of uploads: by key in UTF-8 byte order, those of one key by the time of their beginning. */
export function pageOfUploads(all: readonly Upload[], request: UploadsRequest): UploadsPage {
  const { prefix, limit } = request
  const following = all
    .filter((upload) => upload.key.startsWith(prefix) && isAfterMarkers(upload, request))
    .toSorted((one, other) => compareUtf8(one.key, other.key) || compareUtf8(one.id, other.id))
  const uploads: Upload[] = []
  const prefixes: string[] = []
  let next: UploadsPage['next']
  for (const upload of following) {
    const group = commonPrefix(upload.key, request)
    if (group !== undefined && group === prefixes.at(-1)) continue
    if (uploads.length + prefixes.length === limit) return { uploads, prefixes, ...(next && { next }) }
    if (group === undefined) uploads.push(upload)
    else prefixes.push(group)
    next = group === undefined ? { key: upload.key, id: upload.id } : { key: group, id: '' }
  }
  return { uploads, prefixes }
}

function isAfterMarkers(upload: Upload, request: UploadsRequest): boolean {
  const { keyMarker, idMarker } = request
  if (keyMarker === '') return true
  // A page that ended with a common prefix is followed by what does not have it.
  if (commonPrefix(upload.key, request) === keyMarker) return false
  const order = compareUtf8(upload.key, keyMarker)
  return order > 0 || (order === 0 && idMarker !== '' && compareUtf8(upload.id, idMarker) > 0)
}

function commonPrefix(key: string, { prefix, delimiter }: UploadsRequest): string | undefined {
  if (delimiter === '') return undefined
  const end = key.indexOf(delimiter, prefix.length)
  return end === -1 ? undefined : key.slice(0, end + delimiter.length)
}
