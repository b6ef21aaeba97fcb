import type { Config } from '../config.ts'
import { dropDead, listOutbox, type OutboxItem, retryDead } from '../events/outbox-contents.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

export interface EventChoices {
  readonly json?: boolean | undefined
}

/** Prints the events that were given up and those that wait, a line each. */
export async function listEvents(config: Config, { json }: EventChoices): Promise<void> {
  await useBucket(withBucket(config), async (store) => {
    const counts = { dead: 0, pending: 0 }
    for (const place of ['dead', 'pending'] as const) {
      for await (const item of listOutbox(store, place)) {
        counts[place] += 1
        const line = json ? JSON.stringify({ place, ...item.entry }) : printable(formatItem(item))
        process.stdout.write(`${line}\n`)
      }
    }
    if (!json) process.stdout.write(`${counts.pending} wait, ${counts.dead} were given up\n`)
  })
}

/** Lets events that were given up be delivered again; says whether each of them was there. */
export async function retryEvents(config: Config, ids: readonly string[]): Promise<boolean> {
  return forDead(config, ids, retryDead, 'waiting again')
}

/** Removes events that were given up; says whether each of them was there. */
export async function dropEvents(config: Config, ids: readonly string[]): Promise<boolean> {
  return forDead(config, ids, dropDead, 'removed')
}

type Act = (store: ObjectStore, ids: ReadonlySet<string> | 'all') => Promise<string[]>

async function forDead(config: Config, ids: readonly string[], act: Act, outcome: string): Promise<boolean> {
  const isAll = ids.length === 1 && ids[0] === 'all'
  const wanted = new Set(ids)
  const done = await useBucket(withBucket(config), async (store) => act(store, isAll ? 'all' : wanted))
  for (const id of done) process.stdout.write(`${id}: ${outcome}\n`)
  if (isAll) process.stdout.write(`${done.length} ${outcome}\n`)
  const missing = isAll ? [] : [...wanted].filter((id) => !done.includes(id))
  for (const id of missing) process.stdout.write(printable(`${id}: no event with this id was given up\n`))
  return missing.length === 0
}

function formatItem({ place, entry }: OutboxItem): string {
  const { event, state, attempts, nextAttemptAt, lastFailure } = entry
  const change = event.revision === undefined ? event.object : `${event.object} revision ${event.revision}`
  const notes = [
    place === 'dead' ? 'given up' : state,
    attempts > 0 ? `${attempts} failed: ${lastFailure}` : '',
    nextAttemptAt === undefined ? '' : `next at ${nextAttemptAt}`,
  ]
  return [event.at, event.id, event.type, change, notes.filter((note) => note !== '').join(', ')].join('  ')
}
