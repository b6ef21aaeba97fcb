interface SampleItem {
  readonly itemId: string
  /** What its cover shows. */
  readonly title: string
  readonly scenes: readonly string[]
}

interface SampleProfile {
  readonly userId: string
  readonly title: string
  readonly scene: string
}

/** The sample items that a new installation shows; each photo names its scene. */
export const SAMPLE_ITEMS: readonly SampleItem[] = [
  { itemId: 'demo-1', title: 'A city bicycle', scenes: ['bicycle-side', 'bicycle-wheel', 'bicycle-evening'] },
  { itemId: 'demo-2', title: 'A vase on a table', scenes: ['vase-table', 'vase-close'] },
  { itemId: 'demo-3', title: 'A desk lamp in the evening', scenes: ['lamp-evening', 'lamp-close'] },
  { itemId: 'demo-4', title: 'A ladder-back chair', scenes: ['chair-studio', 'chair-window'] },
  { itemId: 'demo-5', title: 'A shelf of books', scenes: ['books-shelf', 'books-stack'] },
  { itemId: 'demo-6', title: 'A film camera', scenes: ['camera-table', 'camera-front'] },
  { itemId: 'demo-7', title: 'A plant by the window', scenes: ['plant-window', 'plant-leaves'] },
  { itemId: 'demo-8', title: 'A poster of a lake', scenes: ['lake-poster', 'lake-detail'] },
]

/** The sample profiles, each with its portrait. */
export const SAMPLE_PROFILES: readonly SampleProfile[] = [
  { userId: 'demo-ana', title: 'Portrait of Ana', scene: 'portrait-ana' },
  { userId: 'demo-ben', title: 'Portrait of Ben', scene: 'portrait-ben' },
]

const TITLES: ReadonlyMap<string, string> = new Map([
  ...SAMPLE_ITEMS.map(({ itemId, title }) => [`items/${itemId}`, title] as const),
  ...SAMPLE_PROFILES.map(({ userId, title }) => [`profiles/${userId}`, title] as const),
])

/** What is to be seen at a path such as `items/demo-1`, where that is a sample. */
export function sampleTitle(path: string): string | undefined {
  return TITLES.get(path)
}
