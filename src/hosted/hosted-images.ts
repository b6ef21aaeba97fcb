/** What the fit of a named variant can be. */
export const VARIANT_FITS = ['scale-down', 'contain', 'cover', 'crop', 'pad'] as const

/** What of a picture's EXIF a named variant keeps. */
export const VARIANT_METADATA = ['keep', 'copyright', 'none'] as const

/** A hosted image: an item of the library with one photo, under a name of its owner's choice. */
export interface HostedImage {
  /** A UUID that we gave, or what its owner calls it. */
  readonly id: string
  /** The item of the library that its photo is the cover of. */
  readonly itemId: string
  /** Whether it is shown to holders of a signature only. */
  readonly isPrivate: boolean
  readonly filename: string
  readonly uploaded: Date
  readonly meta: Readonly<Record<string, unknown>>
  readonly creator?: string | undefined
  /** Whether its file has not come yet: there is nothing to show. */
  readonly draft: boolean
}

/** What a named variant makes of an image. */
export interface HostedVariantOptions {
  readonly fit: (typeof VARIANT_FITS)[number]
  readonly metadata: (typeof VARIANT_METADATA)[number]
  /** Sides in pixels. */
  readonly width?: number | undefined
  readonly height?: number | undefined
  /** A radius, as the option of that name in URLs. */
  readonly blur?: number | undefined
  /** How long browsers may keep it, in seconds; without it as long as the account says. */
  readonly browserTtlS?: number | undefined
}

/** A named variant, the same for all images. */
export interface HostedVariant {
  readonly id: string
  readonly options: HostedVariantOptions
  /** Whether it is shown without a signature, even of a private image. */
  readonly neverRequireSignedUrls: boolean
}

/** A secret that URLs of private images are signed with. */
export interface SigningKey {
  readonly name: string
  readonly value: string
}

/** What holds for all images. */
export interface HostedConfig {
  /** Whether URLs may name options in the place of a variant. */
  readonly flexibleVariants: boolean
  /** How long browsers may keep what has no time of its own, in seconds. */
  readonly browserTtlS: number
}

/**
 * Hosted images as whoever shows them sees them. What holds for the account is remembered for a few seconds: a change is
 * known everywhere when these are over.
 */
export interface HostedImages {
  /** `undefined` for an id that nothing has, or that has been deleted. One bucket call. */
  find(id: string, signal?: AbortSignal): Promise<HostedImage | undefined>
  /** `undefined` when there is no variant of this name. */
  variant(name: string): Promise<HostedVariant | undefined>
  /** All that are valid at this moment; none until the first is asked for. */
  keys(): Promise<readonly SigningKey[]>
  config(): Promise<HostedConfig>
}
