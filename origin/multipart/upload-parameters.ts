import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error } from '../s3-error.ts'
import type { UploadName } from '../uploads/uploads.ts'

const MAX_PARTS = 10_000

/** Which upload a request is about. The id is only ever looked up: no path is made of it. */
export function uploadName({ bucket, key, query }: S3Request): UploadName {
  return { bucket, key, id: query.get('uploadId') ?? '' }
}

/** The number of a part: 1 to 10,000. */
export function partNumber({ query }: S3Request): number {
  const text = query.get('partNumber') ?? ''
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= MAX_PARTS) return number
  throw invalid('partNumber', 'Part number must be an integer between 1 and 10000, inclusive')
}

/** A count that a page of a listing may have, at most a thousand. */
export function pageLimit(query: ReadonlyMap<string, string>, name: string): number {
  const MAX_LIMIT = 1000
  return Math.min(wholeNumber(query, name) ?? MAX_LIMIT, MAX_LIMIT)
}

/** A parameter that is a number of at most ten digits; `undefined` when it is missing or empty. */
export function wholeNumber(query: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw invalid(name, `Provided ${name} not an integer or within integer range`)
}

/** The refusal of an argument. */
export function invalid(name: string, message: string): S3Error {
  return new S3Error('InvalidArgument', message, { ArgumentName: name })
}
