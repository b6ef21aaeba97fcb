import { spawnSync } from 'node:child_process'
import { createSign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const TOPIC_ARN = 'arn:aws:sns:eu-west-1:123456789012:pictures'
const HOST = 'https://sns.eu-west-1.amazonaws.com'
export const CERTIFICATE_URL = `${HOST}/SimpleNotificationService-0123456789abcdef.pem`
export const SUBSCRIBE_URL = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC_ARN}&Token=t`

export type SnsFields = Readonly<Record<string, string>>

const FIELDS = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

/** A key and a certificate that it has signed itself. */
export function makeCertificate(): { readonly key: string; readonly certificate: string } {
  const dir = mkdtempSync(join(tmpdir(), 'halftone-sns-'))
  const files = { key: join(dir, 'key.pem'), certificate: join(dir, 'certificate.pem') }
  try {
    const subject = ['-subj', '/CN=sns.amazonaws.com', '-days', '1']
    const args = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      files.key,
      '-out',
      files.certificate,
    ]
    const { status, stderr } = spawnSync('openssl', [...args, ...subject], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl: ${stderr}`)
    return { key: readFileSync(files.key, 'utf8'), certificate: readFileSync(files.certificate, 'utf8') }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** A message signed as SNS signs it; what `fields` say beside wins. */
export function signMessage(key: string, fields: SnsFields, version: '1' | '2' = '2'): SnsFields {
  const message: SnsFields = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC_ARN,
    Timestamp: '2026-11-22T12:00:00.000Z',
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
