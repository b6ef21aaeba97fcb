import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What is to be signed. */
export interface Unsigned {
  readonly method: string
  readonly url: string
  /** Percent-encoded. */
  readonly path: string
  readonly query?: ReadonlyMap<string, string>
}

const EXPIRES_SECONDS = 86_400

/** The path and query of a request that is signed for a day: by hand, since the load generator sends bytes and no SDK. */
export function presignedPath(
  { method, url, path, query: more = new Map() }: Unsigned,
  { accessKeyId, secretAccessKey }: Credentials,
): string {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const parameters = new Map([
    ...more,
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${accessKeyId}/${scope}`],
    ['X-Amz-Date', time],
    ['X-Amz-Expires', `${EXPIRES_SECONDS}`],
    ['X-Amz-SignedHeaders', 'host'],
  ])
  const query = [...parameters]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join('&')
  const canonical = [method, path, query, `host:${new URL(url).host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join(
    '\n',
  )
  const digest = createHash('sha256').update(canonical).digest('hex')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')).toString('hex')
  return `${path}?${query}&X-Amz-Signature=${signature}`
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
