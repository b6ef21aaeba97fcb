import { randomUUID } from 'node:crypto'
import { announcePurge, closePurge } from '../cdn/forget.ts'
import type { Source } from '../sources/source.ts'
import { inParallel } from '../storage/batches.ts'
import type { ListedObject } from '../storage/object-store.ts'
import { GatewayError } from '../errors.ts'
import { isRemotePath, parseSourcePath } from '../urls/source-path.ts'
import { parseVariantKey, type VariantAddress } from '../urls/variant-key.ts'
import { epochPartOf, sourcePartOf } from '../urls/version.ts'
import { addFault, addFinding } from './report.ts'
import { AGES_MS, ageMs, type Pass, type SweepRun, WIDTH } from './run.ts'

interface StoredVariant extends VariantAddress {
  readonly listed: ListedObject
}

/** Removes the variants that no request can mean any more. One too many is only rendered again. */
export const sweepVariants: Pass = async (batch, run) => {
  const dead: ListedObject[] = []
  const outdated = new Set<string>()
  await inParallel(WIDTH, groupBySource(batch, run), async (variants) => {
    if (isRemotePath(variants[0].source)) {
      dead.push(...tooOld(variants, run))
      return
    }
    const source = await findSource(variants[0], run)
    if (source === 'unknown') return
    for (const variant of variants) {
      if (!isOutdated(variant, source) && !isOfOtherEpoch(variant, run)) continue
      dead.push(variant.listed)
      if (variant.tree === 'img' && isOutdated(variant, source)) outdated.add(variant.source)
    }
  })
  if (run.deletes && dead.length > 0) {
    await run.keepLease()
    await remove(dead, outdated, run)
  }
  for (const listed of dead) addFinding(run.tally, 'deadVariants', listed)
}

type Group = readonly [StoredVariant, ...StoredVariant[]]

function groupBySource(batch: readonly ListedObject[], run: SweepRun): readonly Group[] {
  const groups = new Map<string, [StoredVariant, ...StoredVariant[]]>()
  for (const listed of batch) {
    const address = parseVariantKey(listed.key)
    if (address === undefined || !(run.knows(address.source) || isRemotePath(address.source))) {
      addFinding(run.tally, 'unknownVariants', listed)
      continue
    }
    const variant = { ...address, listed }
    const group = groups.get(address.source)
    if (group === undefined) groups.set(address.source, [variant])
    else group.push(variant)
  }
  return [...groups.values()]
}

/** What a variant's source is at this moment; `unknown` when its record is damaged. */
async function findSource({ source }: StoredVariant, run: SweepRun): Promise<Source | undefined | 'unknown'> {
  try {
    return await run.lookUp(parseSourcePath(source.split('/')))
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'record_invalid') throw error
    addFault(run.tally, `${source}: ${error.message}; its variants are left`)
    return 'unknown'
  }
}

/** Whose source lies on another server: where, its key does not tell, and so nobody can be asked whether it is current. */
function tooOld(variants: readonly StoredVariant[], run: SweepRun): readonly ListedObject[] {
  return variants.map(({ listed }) => listed).filter((listed) => ageMs(listed, run) >= run.remoteKeepMs)
}

/** The edge may have read in the bucket what should not have been there any more: it forgets the sources, too. */
async function remove(
  dead: readonly ListedObject[],
  outdated: ReadonlySet<string>,
  { store, edge }: SweepRun,
): Promise<void> {
  const purge = { id: randomUUID(), paths: [...outdated], stale: [] }
  const isForEdge = edge !== undefined && outdated.size > 0
  if (isForEdge) await announcePurge(store, purge)
  await store.delete(dead.map(({ key }) => key))
  if (isForEdge) await closePurge(store, purge, edge)
}

/** Whether it shows what its source is not any more, or lies where that may no longer be read from. */
function isOutdated({ tree, version }: StoredVariant, source: Source | undefined): boolean {
  if (source === undefined || sourcePartOf(version) !== source.version) return true
  return (tree === 'img') !== (source.access === 'public')
}

const isOfOtherEpoch = ({ version, listed }: StoredVariant, run: SweepRun): boolean =>
  epochPartOf(version) !== run.epoch && ageMs(listed, run) >= AGES_MS.otherEpoch
