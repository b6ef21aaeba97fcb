import { createEdgePurges } from './hand-over.ts'
import { PurgeSender, type PurgeSenderOptions } from './purge-sender.ts'
import type { EdgePurges, PurgeStatus } from './purging.ts'
import { readPurgeStatus } from './status.ts'

/** The queue to the edge: where it begins, who sends it, and what it says of itself. */
export interface Purging {
  readonly edge: EdgePurges
  readonly sender: PurgeSender
  status(): Promise<PurgeStatus>
}

/** The queue to the edge of one bucket. */
export function createPurging(options: PurgeSenderOptions): Purging {
  const { store, clock } = options
  const sender = new PurgeSender(options)
  return {
    edge: createEdgePurges({ store, clock, onHandedOver: (due) => sender.add(due) }),
    sender,
    status: async () => readPurgeStatus(store, clock),
  }
}
