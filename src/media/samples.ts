/** The sample items that a new installation shows; each photo names its scene. */
export const SAMPLE_ITEMS: readonly { readonly itemId: string; readonly scenes: readonly string[] }[] = [
  { itemId: 'demo-1', scenes: ['bicycle-side', 'bicycle-wheel', 'bicycle-evening'] },
  { itemId: 'demo-2', scenes: ['vase-table', 'vase-close'] },
  { itemId: 'demo-3', scenes: ['lamp-evening', 'lamp-close'] },
  { itemId: 'demo-4', scenes: ['chair-studio', 'chair-window'] },
  { itemId: 'demo-5', scenes: ['books-shelf', 'books-stack'] },
  { itemId: 'demo-6', scenes: ['camera-table', 'camera-front'] },
  { itemId: 'demo-7', scenes: ['plant-window', 'plant-leaves'] },
  { itemId: 'demo-8', scenes: ['lake-poster', 'lake-detail'] },
]

/** The sample profiles, each with its portrait. */
export const SAMPLE_PROFILES: readonly { readonly userId: string; readonly scene: string }[] = [
  { userId: 'demo-ana', scene: 'portrait-ana' },
  { userId: 'demo-ben', scene: 'portrait-ben' },
]
