import type { EventOutbox, MediaEvent } from '../../src/events/media-event.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'

const PREFIX = 'system/twin-events/'

/** An outbox that keeps each event as one object, and delivers nothing. */
export function createOutboxTwin(store: ObjectStore): EventOutbox {
  const write = async (event: MediaEvent, state: 'intended' | 'confirmed') => {
    const body = Buffer.from(JSON.stringify({ state, event }))
    await store.put(`${PREFIX}${event.id}.json`, body, { contentType: 'application/json' })
  }
  return {
    intend: async (event) => write(event, 'intended'),
    confirm: async (event) => write(event, 'confirmed'),
    withdraw: async ({ id }) => store.delete([`${PREFIX}${id}.json`]),
  }
}

/** What is in the outbox, by object and revision. */
export async function eventsIn(
  store: ObjectStore,
): Promise<{ readonly state: string; readonly event: MediaEvent }[]> {
  const events: { state: string; event: MediaEvent }[] = []
  for await (const { key } of store.list(PREFIX)) {
    const read = await store.get(key)
    if (read.outcome === 'found') events.push(JSON.parse(read.object.body.toString()))
  }
  return events.toSorted(
    (one, other) =>
      one.event.object.localeCompare(other.event.object) ||
      (one.event.revision ?? 0) - (other.event.revision ?? 0),
  )
}
