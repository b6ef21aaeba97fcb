/** A message that was received, and comes again unless it is removed in time. */
export interface QueueMessage {
  readonly id: string
  readonly body: string
  /** What this receipt of it is removed by. */
  readonly receipt: string
}

/** A queue that gives a message at least once, to one receiver at a time. */
export interface MessageQueue {
  /** Up to ten messages, at once or as soon as there are any; none when `waitS` have passed. */
  receive(options: {
    readonly waitS: number
    readonly signal?: AbortSignal
  }): Promise<readonly QueueMessage[]>
  /** Removes messages; the ids of those that were not are returned, and will come again. */
  remove(messages: readonly QueueMessage[]): Promise<readonly string[]>
}
