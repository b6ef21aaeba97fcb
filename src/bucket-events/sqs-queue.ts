import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { MessageQueue } from './message-queue.ts'

export interface SqsQueueOptions {
  readonly url: string
  /** Used where the URL of the queue does not tell it. */
  readonly region: string
  /** By default the host of the queue's URL. */
  readonly endpoint?: string | undefined
  /** By default the SDK's chain. */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined
}

/** As many as a call takes. */
const BATCH = 10
const CONNECT_TIMEOUT_MS = 2_000
/** Beyond the longest wait for messages, which is 20 s. */
const CALL_TIMEOUT_MS = 30_000

/** A queue of Amazon SQS, or of what speaks its protocol. */
export function createSqsQueue(options: SqsQueueOptions): MessageQueue & { close(): void } {
  const { url, endpoint, credentials } = options
  const client = new SQSClient({
    region: /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(url)?.[1] ?? options.region,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: CALL_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials: { ...credentials } }),
  })
  return {
    async receive({ waitS, signal }) {
      const command = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: BATCH,
        WaitTimeSeconds: waitS,
      })
      const { Messages: messages = [] } = await client.send(command, signal && { abortSignal: signal })
      return messages.map(({ MessageId: id = '', Body: body = '', ReceiptHandle: receipt = '' }) => ({
        id,
        body,
        receipt,
      }))
    },
    async remove(messages) {
      const left: string[] = []
      for (let from = 0; from < messages.length; from += BATCH) {
        const batch = messages.slice(from, from + BATCH)
        // A message may have come twice: its own id would not be unique.
        const entries = batch.map(({ receipt }, index) => ({ Id: `${index}`, ReceiptHandle: receipt }))
        const command = new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries })
        const { Failed: failed = [] } = await client.send(command)
        for (const { Id: index } of failed) left.push(batch[Number(index)]?.id ?? '')
      }
      return left
    },
    close: () => client.destroy(),
  }
}
