/** Formats that a variant can have, as their extensions in a URL. */
export const OUTPUT_FORMATS = ['avif', 'webp', 'jpg', 'png'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/**
 * What the pixels of one variant depend on beside the source, and nothing else. Sides are in pixels of the turned
 * picture, after `@n`.
 */
export type TransformSpec = { readonly format: OutputFormat } & (
  | { readonly fit: 'original' }
  | { readonly fit: 'width'; readonly width: number }
  | { readonly fit: 'height'; readonly height: number }
  | { readonly fit: 'cover'; readonly width: number; readonly height: number }
)

/** The one spelling of a spec, as it stands in a versioned path: `800.webp`, `x600.avif`, `800x600.jpg`, `original.png`. */
export function specName(spec: TransformSpec): string {
  return `${sizeName(spec)}.${spec.format}`
}

function sizeName(spec: TransformSpec): string {
  switch (spec.fit) {
    case 'original':
      return 'original'
    case 'width':
      return `${spec.width}`
    case 'height':
      return `x${spec.height}`
    case 'cover':
      return `${spec.width}x${spec.height}`
  }
}
