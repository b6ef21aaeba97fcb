import type { ObjectHeaders } from './transfers.ts'

/** The headers of an object as the SDK's commands take them. */
export function commandHeaders(headers: ObjectHeaders) {
  return {
    ContentType: headers.contentType,
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
  }
}

/** The same as they stand on the wire, with the metadata that is to be stored. */
export function wireHeaders(
  headers: ObjectHeaders,
  metadata: Readonly<Record<string, string>>,
): Record<string, string> {
  const { contentType, cacheControl, contentDisposition } = headers
  return {
    'content-type': contentType,
    ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
    ...(contentDisposition !== undefined && { 'content-disposition': contentDisposition }),
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  }
}

/** An ETag with its quotes, which some stores leave out. */
export function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`
}
