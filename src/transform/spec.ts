/** Formats that a variant can have, as their extensions in a URL. */
export const OUTPUT_FORMATS = ['avif', 'webp', 'jpg', 'png', 'gif'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** The sides that a variant is asked to have, in pixels of the turned picture, after `@n`. */
export type Size =
  | { readonly fit: 'original' }
  | { readonly fit: 'width'; readonly width: number }
  | { readonly fit: 'height'; readonly height: number }
  | { readonly fit: 'cover'; readonly width: number; readonly height: number }

/** What the pixels of one variant depend on beside the source, and nothing else. */
export type TransformSpec = { readonly format: OutputFormat } & Size

/** The one spelling of a spec, as it stands in a versioned path: `800.webp`, `x600.avif`, `800x600.jpg`, `original.png`. */
export function specName(spec: TransformSpec): string {
  return `${sizeName(spec)}.${spec.format}`
}

/** The one spelling of a size: `800`, `x600`, `800x600`, `original`. */
export function sizeName(size: Size): string {
  switch (size.fit) {
    case 'original':
      return 'original'
    case 'width':
      return `${size.width}`
    case 'height':
      return `x${size.height}`
    case 'cover':
      return `${size.width}x${size.height}`
  }
}
