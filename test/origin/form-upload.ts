import { createHmac } from 'node:crypto'
import { ACCESS_KEY, BUCKET, SECRET } from './start-test-origin.ts'

export type Fields = Readonly<Record<string, string>>

export interface SignedForm {
  readonly conditions: readonly unknown[]
  /** Beside `policy` and those of the signature, which come first. */
  readonly fields: Fields
  readonly accessKey?: string
  readonly secret?: string
  readonly region?: string
  /** In the place of the policy that would be made of the conditions. */
  readonly policy?: unknown
  readonly expiresInMs?: number
}

/** The fields of a form, its policy signed by hand as the specification has it. */
export function signForm(form: SignedForm): Record<string, string> {
  const { accessKey = ACCESS_KEY, secret = SECRET, region = 'us-east-1', expiresInMs = 60_000 } = form
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = [date.slice(0, 8), region, 's3', 'aws4_request']
  const proof = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKey}/${scope.join('/')}`,
    'x-amz-date': date,
  }
  const document = form.policy ?? {
    expiration: new Date(Date.now() + expiresInMs).toISOString(),
    conditions: [...Object.entries(proof).map(([name, value]) => ({ [name]: value })), ...form.conditions],
  }
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const policy = Buffer.from(text).toString('base64')
  const key = scope.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))
  return { ...form.fields, ...proof, policy, 'x-amz-signature': hmac(key, policy).toString('hex') }
}

/** Fields that are covered by conditions that name their very values, and the bucket. */
export function exactForm(fields: Fields, further: readonly unknown[] = []): SignedForm {
  const conditions = Object.entries(fields).map(([name, value]) => ['eq', `$${name}`, value])
  return { fields, conditions: [{ bucket: BUCKET }, ...conditions, ...further] }
}

/** Posts a form as a browser does. */
export async function postForm(
  url: string,
  fields: Fields,
  file: Blob | string | undefined = 'the file',
  fileName = 'photo.txt',
): Promise<FormAnswer> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  if (file !== undefined) form.append('file', file instanceof Blob ? file : new Blob([file]), fileName)
  const response = await fetch(`${url}/${BUCKET}`, { method: 'POST', body: form, redirect: 'manual' })
  const text = await response.text()
  const read = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const { status, headers } = response
  return { status, headers, text, code: read('Code'), message: read('Message') }
}

export interface FormAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly code: string | undefined
  readonly message: string | undefined
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
