import type { Access, AlbumRecord, PhotoEntry, ProfileRecord } from '../media/records.ts'
import { itemPhotoPath } from '../urls/source-path.ts'
import type { PublicUrls } from './public-urls.ts'

export interface PictureUrlsOptions {
  readonly publicUrls: PublicUrls
  /**
   * The query, with its question mark, that lets anybody read all sizes of one source until then. Without it URLs of
   * pictures that are not public need a token.
   */
  readonly signAccess?: ((sourcePath: string, expiresAt: Date) => string) | undefined
  readonly accessLinkTtlS: number
  readonly now?: (() => number) | undefined
}

/** The sizes that answers name: presets, so that they are what the operator says. */
const SIZES = ['thumbnail', 'medium', 'large', 'original'] as const

export type PictureUrls = Readonly<Record<(typeof SIZES)[number], string>>

/** A photo as the API shows it: where its file lies is nobody's business. */
export type ShownPhoto = Omit<PhotoEntry, 'key' | 'etag'> & { readonly urls: PictureUrls }

/** Where a photo is: its own path, and that of the item or user above it. */
interface Shown {
  readonly owner: string
  readonly source: string
  readonly access: Access
}

/** Puts the URLs of pictures to what records say. */
export interface PictureUrlWriter {
  photoOfItem(album: Pick<AlbumRecord, 'itemId' | 'access'>, photo: PhotoEntry): ShownPhoto
  photoOfProfile(profile: Pick<ProfileRecord, 'userId' | 'access'>, photo: PhotoEntry): ShownPhoto
}

/**
 * URLs that stay the same however often the photo is replaced. Those of a picture that is not public are signed, and
 * end after `accessLinkTtlS`.
 */
export function createPictureUrls(options: PictureUrlsOptions): PictureUrlWriter {
  const { publicUrls, signAccess, accessLinkTtlS, now = Date.now } = options

  function show({ owner, source, access }: Shown, photo: PhotoEntry): ShownPhoto {
    const { key: _key, etag: _etag, ...shown } = photo
    const expiresAt = new Date(now() + accessLinkTtlS * 1000)
    const isPublic = access === 'public'
    const query = isPublic ? '' : (signAccess?.(source, expiresAt) ?? '')
    const urlOf = isPublic ? publicUrls.of : publicUrls.below(`/img/${owner}/`, expiresAt)
    const url = (size: string) => urlOf(`/img/${source}/${size}.webp${query}`)
    const [thumbnail, medium, large, original] = SIZES
    return {
      ...shown,
      urls: {
        thumbnail: url(thumbnail),
        medium: url(medium),
        large: url(large),
        original: url(original),
      },
    }
  }

  return {
    photoOfItem: ({ itemId, access }, photo) =>
      show({ owner: `items/${itemId}`, source: itemPhotoPath(itemId, photo.photoId), access }, photo),
    photoOfProfile: ({ userId, access }, photo) =>
      show({ owner: `profiles/${userId}`, source: `profiles/${userId}`, access }, photo),
  }
}
