import { inParallel } from '../storage/batches.ts'
import type { ListedObject } from '../storage/object-store.ts'
import { isStamped } from '../storage/stamp.ts'
import { markKey, placeMark } from './marks.ts'
import { type FileOwner, ownerOf, readNaming } from './naming.ts'
import { addFault, addFinding } from './report.ts'
import { AGES_MS, ageMs, type Pass, type SweepRun, WIDTH } from './run.ts'

interface Group {
  readonly owner: FileOwner
  readonly files: ListedObject[]
}

/** Marks the files of the library that their record does not name, for a later sweep to remove. */
export const markUnnamedFiles: Pass = async (batch, run) => {
  await inParallel(WIDTH, groupByOwner(batch), async ({ owner, files }) => {
    const naming = await readNaming(run.store, owner)
    switch (naming.state) {
      case 'missing':
        for (const file of files) addFinding(run.tally, 'filesWithoutRecord', file)
        return
      case 'damaged':
        return addFault(
          run.tally,
          `${owner.recordKey}: the record cannot be understood; none of its files is swept`,
        )
      case 'read':
        for (const file of files) if (!naming.names(file.key)) await consider(file, run)
    }
  })
}

function groupByOwner(batch: readonly ListedObject[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const file of batch) {
    const owner = ownerOf(file.key)
    if (owner === undefined) continue
    const group = groups.get(owner.path) ?? { owner, files: [] }
    groups.set(owner.path, group)
    group.files.push(file)
  }
  return [...groups.values()]
}

async function consider(file: ListedObject, run: SweepRun): Promise<void> {
  const { store, tally } = run
  if (ageMs(file, run) < AGES_MS.unnamedFile) return
  const facts = await store.head(file.key)
  if (facts === undefined) return
  if (!isStamped(facts.metadata)) return addFinding(tally, 'foreignFiles', file)
  if (run.deletes) {
    await run.keepLease()
    if (await placeMark(store, facts, run.clock.now())) addFinding(tally, 'newMarks', file)
  } else if ((await store.head(markKey(file.key))) === undefined) {
    addFinding(tally, 'newMarks', file)
  }
}
