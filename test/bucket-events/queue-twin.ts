import type { MessageQueue, QueueMessage } from '../../src/bucket-events/message-queue.ts'

/** A queue in memory: what has been received is hidden until `reappear`; a receiver that waits gets what is sent. */
export function createQueueTwin() {
  const waiting: QueueMessage[] = []
  const hidden = new Map<string, QueueMessage>()
  const waits: number[] = []
  let sent = 0
  let arrived = () => {}
  const take = (): QueueMessage[] => {
    const messages = waiting.splice(0, 10)
    for (const message of messages) hidden.set(message.receipt, message)
    return messages
  }
  const queue: MessageQueue = {
    async receive({ waitS, signal }) {
      waits.push(waitS)
      signal?.throwIfAborted()
      if (waiting.length === 0 && waitS > 0) {
        const arrival = new Promise<void>((resolve, reject) => {
          arrived = resolve
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
        await arrival
      }
      return take()
    },
    async remove(messages) {
      return messages.filter(({ receipt }) => !hidden.delete(receipt)).map(({ id }) => id)
    },
  }
  return {
    queue,
    /** How long each receiver was ready to wait. */
    waits,
    send(...bodies: readonly string[]) {
      for (const body of bodies) {
        sent += 1
        waiting.push({ id: `m${sent}`, body, receipt: `r${sent}` })
      }
      arrived()
    },
    /** What was received and not removed comes again. */
    reappear() {
      for (const { id, body } of hidden.values()) {
        sent += 1
        waiting.push({ id, body, receipt: `r${sent}` })
      }
      hidden.clear()
    },
    left: () => [...waiting, ...hidden.values()].map(({ id }) => id),
  }
}
