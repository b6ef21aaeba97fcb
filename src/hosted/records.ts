import { z } from 'zod'
import { idPattern } from '../urls/ids.ts'
import { type HostedImage, VARIANT_FITS, VARIANT_METADATA } from './hosted-images.ts'

const MAX_SIDE = 12_000

/** `system/hosted/{itemId}.json`: what is said of a hosted image beside its photo. */
export const imageRecord = z.object({
  id: z.string().min(1),
  itemId: z.string().regex(idPattern),
  isPrivate: z.boolean(),
  filename: z.string(),
  /** When it was asked for, ISO 8601. */
  uploaded: z.iso.datetime(),
  meta: z.record(z.string(), z.unknown()),
  creator: z.string().optional(),
  /** Who asked for it: a principal's id. */
  by: z.string().min(1),
  /** Its file has not come yet. */
  draft: z
    .object({
      /** From then on the file is not taken any more, ISO 8601. */
      expiresAt: z.iso.datetime(),
      /** The SHA-256 of what a one-time URL ends in; absent where whoever asked has brought the file along. */
      secret: z.string().optional(),
      /** Who brings the file at this moment, and until when nobody else may. */
      claim: z.object({ id: z.string(), until: z.iso.datetime() }).optional(),
    })
    .optional(),
  /** The SHA-256 of the file, in hex: who creates the same image once more has lost the answer. */
  sha256: z.string().optional(),
  /** It is being deleted: for everybody but whoever deletes it, it is gone. */
  removed: z.literal(true).optional(),
})

const variantOptions = z.object({
  fit: z.enum(VARIANT_FITS),
  metadata: z.enum(VARIANT_METADATA),
  width: z.int().min(1).max(MAX_SIDE).optional(),
  height: z.int().min(1).max(MAX_SIDE).optional(),
  blur: z.number().min(0).max(250).optional(),
  browserTtlS: z.int().optional(),
})

/** `system/hosted/account.json`: what holds for all hosted images. */
export const accountRecord = z.object({
  variants: z.record(z.string(), z.object({ options: variantOptions, neverRequireSignedUrls: z.boolean() })),
  keys: z.array(z.object({ name: z.string(), value: z.string() })),
  flexibleVariants: z.boolean(),
  browserTtlS: z.int(),
})

export type ImageRecord = z.infer<typeof imageRecord>
export type AccountRecord = z.infer<typeof accountRecord>

/** Where all that is said of hosted images lies. */
export const HOSTED = 'system/hosted/'

/** Where what is said of an image lies. */
export const imageKey = (itemId: string): string => `${HOSTED}${itemId}.json`

/** What the keys of all images that are listed begin with. */
export const LISTING = `${HOSTED}by-time/`
/** The latest time that there is: counted down from, the order of keys is the newest first. */
const END_OF_TIME = 8.64e15
const LISTED = new RegExp(`^${LISTING}\\d{16}-(.+)$`)

/** The empty object that has an image listed, the newest first; beside its record, whose key does not tell when. */
export function listingKey({ uploaded, itemId }: Pick<ImageRecord, 'uploaded' | 'itemId'>): string {
  return `${LISTING}${String(END_OF_TIME - Date.parse(uploaded)).padStart(16, '0')}-${itemId}`
}

/** The item of an image that is listed there. */
export const listedItem = (key: string): string | undefined => LISTED.exec(key)?.[1]

/** The item whose image has its record there; `undefined` for what else lies there. */
export function recordedItem(key: string): string | undefined {
  const itemId = /^([^/]+)\.json$/.exec(key.slice(HOSTED.length))?.[1]
  return key === ACCOUNT_KEY ? undefined : itemId
}

/** Where what holds for all of them lies. */
export const ACCOUNT_KEY = `${HOSTED}account.json`

/** How long browsers keep what has no time of its own, where nobody has said: two days. */
const BROWSER_TTL_S = 172_800

/** What holds until somebody changes it. */
export const NEW_ACCOUNT: AccountRecord = {
  variants: {
    public: {
      options: { fit: 'scale-down', metadata: 'none', width: 1366, height: 768 },
      neverRequireSignedUrls: false,
    },
  },
  keys: [],
  flexibleVariants: false,
  browserTtlS: BROWSER_TTL_S,
}

/** Whether the file of a draft is not taken any more. */
export const isExpired = ({ draft }: Pick<ImageRecord, 'draft'>, now: number): boolean =>
  draft !== undefined && Date.parse(draft.expiresAt) <= now

/** An image as it is shown; `undefined` for one that is deleted, or whose file did not come in time. */
export function shownImage(record: ImageRecord, now: number): HostedImage | undefined {
  if (record.removed || isExpired(record, now)) return undefined
  const { id, itemId, isPrivate, filename, uploaded, meta, creator, draft } = record
  return {
    id,
    itemId,
    isPrivate,
    filename,
    uploaded: new Date(uploaded),
    meta,
    ...(creator !== undefined && { creator }),
    draft: draft !== undefined,
  }
}
