import { GatewayError } from '../errors.ts'
import { findPublicPictures } from '../media/public-pictures.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Presets } from '../transform/presets.ts'
import { parseSpecSegment } from '../urls/spec-segment.ts'
import { formatPath, parseSegments } from '../urls/target.ts'

/** Pictures that are warmed together: all sizes of one source, or one target as it stands. */
export interface WarmTask {
  /** The source path, or the target. */
  readonly name: string
  /** Paths as they are asked for. */
  readonly targets: readonly string[]
}

type Root = 'items' | 'profiles'

export interface WarmPlanOptions {
  readonly presets: Presets
  /** As in URLs: `800`, `thumbnail`, `400x400`; without them those that are made after an upload. */
  readonly sizes: readonly string[] | undefined
  readonly formats: readonly string[]
  /** Names of the sizes that are made after an upload. */
  readonly usualSizes: Readonly<Record<Root, readonly string[]>>
}

/** What is to be warmed of a picture: sizes and formats that have been understood. */
export interface WarmPlan {
  /** Sizes and formats as they end a URL. */
  readonly sizes: Readonly<Record<Root, readonly string[]>>
  /** A line of a list: a source path as a URL has it, or a whole target. Throws `invalid_target`. */
  ofLine(line: string): WarmTask
  /** Every photo of the library that everybody may see, and every item's cover by its short path. */
  ofLibrary(store: Pick<ObjectStore, 'list' | 'get'>): AsyncGenerator<WarmTask>
}

/** Throws `invalid_target` for a size or a format that there is not. */
export function createWarmPlan({ presets, sizes, formats, usualSizes }: WarmPlanOptions): WarmPlan {
  const spell = (list: readonly string[]) =>
    list.flatMap((size) => formats.map((format) => parseSpecSegment(`${size}.${format}`, presets).spelling))
  const { items, profiles } = usualSizes
  const spellings = { items: spell(sizes ?? items), profiles: spell(sizes ?? profiles) }

  /** `path` is decoded. */
  function taskOf(path: string): WarmTask {
    const names = spellings[path.startsWith('profiles/') ? 'profiles' : 'items']
    return { name: path, targets: names.map((name) => `/img/${formatPath(path)}/${name}`) }
  }

  return {
    sizes: spellings,
    ofLine(line) {
      if (isTarget(line, presets)) return { name: line, targets: [line] }
      const segments = parseSegments(`/${line.replace(/^\/?(?:img\/)?/, '').replace(/\/$/, '')}`)
      return taskOf(segments.map(({ text }) => text).join('/'))
    },
    async *ofLibrary(store) {
      for await (const { path, photos } of findPublicPictures(store)) {
        if (!photos.includes(path)) yield taskOf(path)
        for (const photo of photos) yield taskOf(photo)
      }
    },
  }
}

/** Whether it can be asked for as it stands: its last segment is a size and a format. */
function isTarget(line: string, presets: Presets): boolean {
  if (!/^\/s?img\//.test(line)) return false
  try {
    parseSpecSegment(parseSegments(line).at(-1)?.text ?? '', presets)
    return true
  } catch (error) {
    if (error instanceof GatewayError) return false
    throw error
  }
}
