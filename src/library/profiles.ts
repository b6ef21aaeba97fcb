import { GatewayError } from '../errors.ts'
import { type Access, type ProfileRecord, profileKey, profileRecord } from '../media/records.ts'
import { Changes, type ChangesOptions, type Edit, readRecord, type Target } from './changes.ts'
import type { ChangeOptions, NewPhoto, Profiles } from './library.ts'
import { assertId, assertInSlot, filesInSlots, isSamePicture } from './photos.ts'

export interface ProfilesOptions extends ChangesOptions {
  /** Who may see the photo of a user who has not said; `public` without it. */
  readonly access?: Access | undefined
}

type ProfileEdit = Edit<ProfileRecord>

const photoFolder = (userId: string) => `profiles/${userId}/photo/`

/** The users' photos of a bucket. */
export function createProfiles(options: ProfilesOptions): Profiles {
  const changes = new Changes(options)
  const { store, access = 'public' } = options
  const make = async (userId: string, edit: ProfileEdit, options: ChangeOptions) =>
    changes.make(profileTarget(userId), edit, options)

  return {
    find: async (userId, signal) => (await readRecord(store, profileTarget(userId), signal))?.record,
    async setPhoto(userId, photo, options) {
      assertInSlot(photo, photoFolder(userId))
      return make(userId, photoEdit({ userId, owner: userId, access, revision: 0 }, photo), options)
    },
    setAccess: async (userId, access, options) => make(userId, { apply: allowAccess(access) }, options),
    removePhoto: async (userId, options) => void (await make(userId, removal, options)),
  }
}

function profileTarget(userId: string): Target<ProfileRecord> {
  assertId(userId)
  return {
    key: profileKey(userId),
    object: `profiles/${userId}`,
    parse: (value) => {
      const record = profileRecord.safeParse(value).data
      return record?.userId === userId ? record : undefined
    },
    filesOf: ({ photo }) => filesInSlots(photo ? [photo] : [], photoFolder(userId)),
    forgets,
  }
}

function forgets(
  before: ProfileRecord | undefined,
  after: ProfileRecord,
): { paths: readonly string[]; stale: readonly string[] } {
  const path = `profiles/${after.userId}`
  const { photo } = before ?? {}
  const isHidden = before !== undefined && before.access !== after.access
  const isGone = photo !== undefined && (after.photo === undefined || !isSamePicture(photo, after.photo))
  const isNew = photo === undefined && after.photo !== undefined
  return { paths: isHidden || isGone || isNew ? [path] : [], stale: isHidden || isGone ? [path] : [] }
}

function photoEdit(first: ProfileRecord, photo: NewPhoto): ProfileEdit {
  return {
    apply: (before) => (before?.photo?.key === photo.key ? before : { ...(before ?? first), photo }),
    event: (_, before) => ({
      type: before?.photo === undefined ? 'media.created' : 'media.replaced',
      detail: { photoIds: [photo.photoId] },
    }),
  }
}

const allowAccess = (access: Access) => (before: ProfileRecord | undefined) => {
  if (before === undefined) throw new GatewayError('not_found', 'There is no such profile')
  return before.access === access ? before : { ...before, access }
}

const removal: ProfileEdit = {
  apply(before) {
    if (before?.photo === undefined) throw new GatewayError('not_found', 'There is no photo')
    const { photo: _removed, ...rest } = before
    return rest
  },
  event: () => ({ type: 'media.deleted', detail: { all: true } }),
}
