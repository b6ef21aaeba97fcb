import { randomBytes } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  type Prepared,
  presign,
  type RawAnswer,
  type RawRequest,
  send,
  sendSigned,
} from '../origin/signed-request.ts'

/** A server that is asked to prove itself. */
export interface Server {
  /** As in the table of differences. */
  readonly name: string
  readonly url: string
  readonly region: string
  readonly accessKey: string
  readonly secret: string
}

/** An expectation: S3's documented behaviour, under a name that is used once. */
export interface Case {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void>
}

type Headers = Readonly<Record<string, string>>

/** What a raw request of a case says; the server and its credentials are added. */
export type CaseRequest = Partial<RawRequest> & Pick<RawRequest, 'path'>

/** A server as one case sees it: a bucket that is shared by all, and keys of the case's own. */
export class Subject {
  readonly server: Server
  readonly client: S3Client
  readonly bucket: string
  readonly prefix = `${randomBytes(6).toString('hex')}/`
  readonly #ownBuckets: string[] = []

  constructor(server: Server, client: S3Client, bucket: string) {
    this.server = server
    this.client = client
    this.bucket = bucket
  }

  /** A key that no other case has. */
  key(name = 'a'): string {
    return this.prefix + name
  }

  /** The path of an object, percent-encoded as the signature wants it. */
  path(name = 'a'): string {
    return `/${this.bucket}/${encodeKey(this.key(name))}`
  }

  /** Fills in the server: address and credentials, unless the case brings its own. */
  request(request: CaseRequest): RawRequest {
    const { url, region, accessKey, secret } = this.server
    return { url, region, accessKey, secret, ...request }
  }

  async signed(request: CaseRequest): Promise<RawAnswer> {
    return sendSigned(this.request(request))
  }

  async presigned(request: CaseRequest, expiresIn?: number): Promise<Prepared> {
    return presign(this.request(request), expiresIn)
  }

  async send(prepared: Prepared): Promise<RawAnswer> {
    return send(prepared)
  }

  async put(name: string, body: string | Buffer, headers: Headers = {}): Promise<RawAnswer> {
    return this.signed({ method: 'PUT', path: this.path(name), body, headers })
  }

  async get(name: string, headers: Headers = {}, query: Headers = {}): Promise<RawAnswer> {
    return this.signed({ path: this.path(name), headers, query })
  }

  async head(name: string, headers: Headers = {}): Promise<RawAnswer> {
    return this.signed({ method: 'HEAD', path: this.path(name), headers })
  }

  /** A bucket for this case alone. */
  async ownBucket(): Promise<string> {
    const bucket = await makeBucket(this.client)
    this.#ownBuckets.push(bucket)
    return bucket
  }

  /** Removes what the case made beside its keys. */
  async clear(): Promise<void> {
    for (const bucket of this.#ownBuckets) await removeBucket(this.client, bucket)
  }
}

/** The SDK's client, as most programs configure it. */
export function createClient({ url, region, accessKey, secret }: Server): S3Client {
  return new S3Client({
    region,
    endpoint: url,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secret },
    maxAttempts: 1,
  })
}

/** Makes a bucket of a new name. */
export async function makeBucket(client: S3Client): Promise<string> {
  const bucket = `conformance-${randomBytes(6).toString('hex')}`
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return bucket
}

/** Empties and removes a bucket. */
export async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
    const Objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]))
    if (Objects.length === 0) break
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }))
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }))
}

/** Every byte but unreserved characters and `/` percent-encoded: the one spelling that all signers agree on. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
