import type { HostedVariant } from '../hosted/hosted-images.ts'

/** What a named variant does, as the options of a URL that would do the same. */
export function variantText({ options }: HostedVariant): string {
  const { fit, metadata, width, height, blur } = options
  const asked = { format: 'auto', fit, width, height, metadata, blur }
  return Object.entries(asked)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join(',')
}
