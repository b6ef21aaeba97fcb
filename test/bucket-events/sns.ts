import { createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'

export const TOPIC_ARN = 'arn:aws:sns:eu-west-1:123456789012:pictures'
const HOST = 'https://sns.eu-west-1.amazonaws.com'
export const CERTIFICATE_URL = `${HOST}/SimpleNotificationService-0123456789abcdef.pem`
export const SUBSCRIBE_URL = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC_ARN}&Token=t`

export type SnsFields = Readonly<Record<string, string>>

const FIELDS = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const TAGS = {
  integer: 0x02,
  bits: 0x03,
  text: 0x0c,
  time: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
} as const

/** DER of a value: its tag, its length, its content. */
function der(tag: keyof typeof TAGS, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const length = Buffer.alloc(3, 0x82)
  length.writeUInt16BE(body.length, 1)
  const short = Buffer.of(body.length)
  return Buffer.concat([Buffer.of(TAGS[tag]), body.length < 128 ? short : length, body])
}

/** A key and a certificate of today and tomorrow that it has signed itself (RFC 5280, section 4.1). */
export function makeCertificate(): { readonly key: string; readonly certificate: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const time = (ms: number) => {
    const digits = new Date(Date.now() + ms).toISOString().replaceAll(/\D/g, '').slice(2, 14)
    return der('time', Buffer.from(`${digits}Z`))
  }
  const attribute = der('sequence', COMMON_NAME, der('text', Buffer.from('sns.amazonaws.com')))
  const name = der('sequence', der('set', attribute))
  const signed = der(
    'sequence',
    der('version', der('integer', Buffer.of(2))),
    der('integer', Buffer.of(1)),
    SHA256_WITH_RSA,
    name,
    der('sequence', time(-86_400_000), time(86_400_000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = createSign('RSA-SHA256').update(signed).sign(privateKey)
  const whole = der('sequence', signed, SHA256_WITH_RSA, der('bits', Buffer.of(0), signature))
  const certificate = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate }
}

/** A message signed as SNS signs it; what `fields` say beside wins. */
export function signMessage(key: string, fields: SnsFields, version: '1' | '2' = '2'): SnsFields {
  const message: SnsFields = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC_ARN,
    Timestamp: new Date().toISOString(),
    SignatureVersion: version,
    SigningCertURL: CERTIFICATE_URL,
    Message: '',
    ...fields,
  }
  const lines = FIELDS.filter((name) => message[name] !== undefined).map(
    (name) => `${name}\n${message[name]}\n`,
  )
  const signer = createSign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256').update(lines.join(''))
  return { ...message, Signature: signer.sign(key, 'base64') }
}

/** What Amazon answers with, on this machine: certificates and confirmations; `asked` are the URLs in their order. */
export async function startAmazon(certificate: string) {
  const asked: string[] = []
  let status = 200
  const server = createServer((request, response) => {
    response.statusCode = status
    response.end(request.url?.endsWith('.pem') ? certificate : '<ConfirmSubscriptionResponse/>')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    asked,
    answerWith: (code: number) => (status = code),
    /** Asks this server whatever host is meant. */
    async fetch(url: string, init: RequestInit): Promise<Response> {
      asked.push(url)
      const { pathname, search } = new URL(url)
      return fetch(`http://127.0.0.1:${address.port}${pathname}${search}`, init)
    },
    async close(): Promise<void> {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
