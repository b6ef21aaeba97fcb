import { Readable } from 'node:stream'
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { toFacts } from '../storage/s3-answers.ts'
import type { S3Bucket } from '../storage/s3-call.ts'
import { brokenAnswer, isAbsent, statusOf, toGatewayError } from '../storage/s3-errors.ts'
import { checkKey } from '../storage/stamp.ts'
import { beyondEnd, checkedBody } from './checked-body.ts'
import type { DownloadOptions, DownloadResult, Transfers } from './transfers.ts'

/** The `download` of a bucket. */
export function createS3Download(bucket: S3Bucket): Transfers['download'] {
  return async function download(key, options = {}) {
    checkKey(key)
    const { ifMatch, range } = options
    const command = new GetObjectCommand({
      Bucket: bucket.name,
      Key: key,
      IfMatch: ifMatch,
      Range: range === undefined ? undefined : `bytes=${range.first}-${range.last}`,
    })
    return bucket.call(options, async (sdk) => {
      try {
        return found(key, await bucket.client.send(command, sdk), options)
      } catch (error) {
        if (isAbsent(error)) return { outcome: 'absent' }
        if (statusOf(error) === 412) return { outcome: 'changed' }
        if (statusOf(error) === 416) throw beyondEnd(error)
        throw error
      }
    })
  }
}

function found(key: string, answer: GetObjectCommandOutput, options: DownloadOptions): DownloadResult {
  const source = answer.Body
  if (!(source instanceof Readable)) throw brokenAnswer('GetObject answered without a body')
  try {
    const sent = toFacts(key, answer)
    const facts = options.range === undefined ? sent : { ...sent, bytes: wholeLength(answer, options.range) }
    const whole = facts.bytes === sent.bytes ? sent.metadata : {}
    const body = checkedBody(source, {
      bytes: sent.bytes,
      metadata: whole,
      translate: toGatewayError,
      signal: options.signal,
      onProgress: options.onProgress,
    })
    return { outcome: 'found', facts, body }
  } catch (error) {
    // Its socket is given up: what follows would be read as part of something else.
    source.on('error', () => {}).destroy()
    throw error
  }
}

/** What the answer says of the whole, if it is the range that was asked for. */
function wholeLength(
  answer: GetObjectCommandOutput,
  { first, last }: { first: number; last: number },
): number {
  const [, from, to, whole] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.ContentRange ?? '') ?? []
  const isAsked = Number(from) === first && Number(to) === Math.min(last, Number(whole) - 1)
  if (!isAsked) throw brokenAnswer(`asked for bytes ${first}-${last}, sent ${answer.ContentRange ?? 'all'}`)
  return Number(whole)
}
