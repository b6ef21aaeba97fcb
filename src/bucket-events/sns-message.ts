import { X509Certificate, verify } from 'node:crypto'
import { z } from 'zod'
import { GatewayError } from '../errors.ts'

const text = z.string().min(1)
const signed = {
  MessageId: text,
  TopicArn: text,
  Message: z.string(),
  Timestamp: text,
  SignatureVersion: z.enum(['1', '2']),
  Signature: text,
  SigningCertURL: text,
}
const confirmation = { ...signed, Token: text, SubscribeURL: text }

const message = z.discriminatedUnion('Type', [
  z.object({ Type: z.literal('Notification'), ...signed, Subject: z.string().optional() }),
  z.object({ Type: z.literal('SubscriptionConfirmation'), ...confirmation }),
  z.object({ Type: z.literal('UnsubscribeConfirmation'), ...confirmation }),
])

/** A message of SNS whose signature is proved. */
export type SnsMessage = z.infer<typeof message>

export interface SnsOptions {
  /** The one topic that is listened to. */
  readonly topicArn: string
  /** How certificates are fetched, and subscriptions confirmed. */
  readonly fetch: (url: string, init: { redirect: 'error'; signal: AbortSignal }) => Promise<Response>
  readonly now: () => number
}

/** The messages of one topic, which Amazon signs. */
export interface SnsTopic {
  /** Throws `invalid_request` for what is no message of SNS, `invalid_signature` for what is not this topic's. */
  prove(body: string): Promise<SnsMessage>
  /** Tells Amazon that the topic may send its notifications here. */
  confirm(message: SnsMessage): Promise<void>
}

/** The fields that are signed, in this order, of a notification and of the two confirmations. */
const FIELDS = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const
const CONFIRMATION_FIELDS = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
] as const

const ALGORITHMS = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const
const TOPIC = /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]+):\d{12}:[\w-]{1,256}$/
const CERTIFICATE_PATH = /^\/SimpleNotificationService-[0-9a-f]{1,64}\.pem$/
const MAX_CERTIFICATES = 4
/** SNS tries for an hour at most: what is older, or not from our time, somebody else has kept and sends again. */
const MAX_AGE_MS = 86_400_000
const FETCH_TIMEOUT_MS = 5_000

/** The topic that `topicArn` names. Its certificates, and what confirms a subscription, come from its region alone. */
export function createSnsTopic({ topicArn, fetch, now }: SnsOptions): SnsTopic {
  const host = hostOf(topicArn)
  const certificates = new Map<string, Promise<X509Certificate>>()

  async function load(url: string): Promise<X509Certificate> {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
    if (!response.ok) throw new Error(`The certificate of SNS: ${response.status}`)
    return new X509Certificate(await response.text())
  }

  async function certificateAt(url: string): Promise<X509Certificate> {
    // To the letter: else one certificate had as many names, and each were fetched.
    if (!CERTIFICATE_PATH.test(pathAt(url, host))) throw notSigned()
    const known = certificates.get(url) ?? load(url)
    certificates.set(url, known)
    const [oldest] = certificates.keys()
    if (certificates.size > MAX_CERTIFICATES && oldest !== undefined) certificates.delete(oldest)
    try {
      return await known
    } catch (cause) {
      certificates.delete(url)
      throw new GatewayError('identity_unreachable', 'The certificate cannot be had', { cause })
    }
  }

  return {
    async prove(body) {
      const parsed = message.safeParse(parseJson(body)).data
      if (parsed === undefined) throw new GatewayError('invalid_request', 'This is no message of SNS')
      if (parsed.TopicArn !== topicArn) throw notSigned()
      const certificate = await certificateAt(parsed.SigningCertURL)
      const isValid = Date.parse(certificate.validFrom) <= now() && now() <= Date.parse(certificate.validTo)
      if (!isValid || !isSigned(parsed, certificate)) throw notSigned()
      if (!(Math.abs(now() - Date.parse(parsed.Timestamp)) <= MAX_AGE_MS))
        throw new GatewayError('invalid_signature', 'This was signed too long ago')
      return parsed
    },
    async confirm(proved) {
      if (proved.Type === 'Notification') return
      if (!isAt(proved.SubscribeURL, host)) throw notSigned()
      const init = { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) } as const
      const response = await fetch(proved.SubscribeURL, init)
      await response.body?.cancel()
      if (!response.ok)
        throw new GatewayError('identity_unreachable', `SNS answered ${response.status} to the confirmation`)
    },
  }
}

function isSigned(message: SnsMessage, { publicKey }: X509Certificate): boolean {
  const fields: Readonly<Record<string, string | undefined>> = message
  const names = message.Type === 'Notification' ? FIELDS : CONFIRMATION_FIELDS
  const lines = names.flatMap((name) => (fields[name] === undefined ? [] : [name, fields[name]]))
  const text = Buffer.from(`${lines.join('\n')}\n`)
  const signature = Buffer.from(message.Signature, 'base64')
  return (
    publicKey.asymmetricKeyType === 'rsa' &&
    verify(ALGORITHMS[message.SignatureVersion], text, publicKey, signature)
  )
}

function hostOf(topicArn: string): string {
  const [, partition, region] = TOPIC.exec(topicArn) ?? []
  if (region === undefined) throw new TypeError(`${topicArn} is no topic`)
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`
}

/** What follows the host in a URL of it by https; empty for any other URL. */
function pathAt(url: string, host: string): string {
  const origin = `https://${host}`
  return url.startsWith(`${origin}/`) ? url.slice(origin.length) : ''
}

/** Whether a URL is of this host by https, on its own port and without a user. */
function isAt(text: string, host: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return url.origin === `https://${host}` && url.username === '' && url.password === ''
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // The schema refuses `undefined`.
    return undefined
  }
}

const notSigned = (): GatewayError =>
  new GatewayError('invalid_signature', 'This is not signed for the topic that is listened to')
