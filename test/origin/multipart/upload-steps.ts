import { createHash } from 'node:crypto'
import { type RawAnswer, sendSigned } from '../signed-request.ts'
import { BUCKET } from '../start-test-origin.ts'

type Headers = Readonly<Record<string, string>>

/** An upload under way, as raw requests see it. */
export interface Upload {
  readonly url: string
  readonly key: string
  readonly id: string
}

/** A part as a completion names it. */
export interface Named {
  readonly number: number
  readonly etag: string
  /** Further elements of the part, as XML. */
  readonly more?: string
}

/** Begins an upload; throws when that is refused. */
export async function begin(url: string, key: string, headers: Headers = {}): Promise<Upload> {
  const answer = await sendSigned({
    url,
    method: 'POST',
    path: `/${BUCKET}/${key}`,
    query: { uploads: '' },
    headers,
  })
  const id = /<UploadId>(\w+)<\/UploadId>/.exec(answer.body.toString())?.[1]
  if (id === undefined) throw new Error(`No upload was begun: ${answer.body.toString()}`)
  return { url, key, id }
}

/** Sends one part. */
export async function sendPart(
  { url, key, id }: Upload,
  number: number | string,
  body: string | Buffer,
  headers: Headers = {},
): Promise<RawAnswer> {
  const query = { partNumber: String(number), uploadId: id }
  return sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${key}`, query, body, headers })
}

/** Sends parts 1, 2, … and names them. */
export async function sendParts(upload: Upload, bodies: readonly (string | Buffer)[]): Promise<Named[]> {
  return Promise.all(
    bodies.map(async (body, index) => {
      const { headers } = await sendPart(upload, index + 1, body)
      return { number: index + 1, etag: headers.etag ?? '' }
    }),
  )
}

/** Copies a part from an object. */
export async function copyPart(upload: Upload, number: number, headers: Headers): Promise<RawAnswer> {
  return sendPart(upload, number, '', headers)
}

/** Completes an upload from parts, or from a document that is sent as it stands. */
export async function complete(
  { url, key, id }: Upload,
  parts: readonly Named[] | string,
  headers: Headers = {},
): Promise<RawAnswer> {
  const body = typeof parts === 'string' ? parts : completion(parts)
  return sendSigned({
    url,
    method: 'POST',
    path: `/${BUCKET}/${key}`,
    query: { uploadId: id },
    body,
    headers,
  })
}

/** Aborts an upload. */
export async function abort({ url, key, id }: Upload): Promise<RawAnswer> {
  return sendSigned({ url, method: 'DELETE', path: `/${BUCKET}/${key}`, query: { uploadId: id } })
}

/** Reads an object, or what its headers ask for. */
export async function get(url: string, key: string, headers: Headers = {}): Promise<RawAnswer> {
  return sendSigned({ url, path: `/${BUCKET}/${key}`, headers })
}

/** Stores an object in one go. */
export async function put(
  url: string,
  key: string,
  body: string | Buffer,
  headers: Headers = {},
): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${key}`, body, headers })
}

/** The ETag of an object made of these parts, with quotes. */
export function multipartEtag(bodies: readonly (string | Buffer)[]): string {
  const md5 = createHash('md5')
  for (const body of bodies) md5.update(createHash('md5').update(body).digest())
  return `"${md5.digest('hex')}-${bodies.length}"`
}

function completion(parts: readonly Named[]): string {
  const elements = parts.map(
    ({ number, etag, more = '' }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag>${more}</Part>`,
  )
  return `<CompleteMultipartUpload>${elements.join('')}</CompleteMultipartUpload>`
}
