import { ATTRIBUTE_CASES } from './cases/attributes.ts'
import { AUTHENTICATION_CASES } from './cases/authentication.ts'
import { BUCKET_CASES } from './cases/buckets.ts'
import { CHECKSUM_CASES, PAYLOAD_CASES } from './cases/checksums.ts'
import { CONDITION_CASES } from './cases/conditions.ts'
import { CONFIGURATION_CASES } from './cases/configuration.ts'
import { FORM_CASES } from './cases/forms.ts'
import { KEY_CASES } from './cases/keys.ts'
import { LIFECYCLE_CASES } from './cases/lifecycle.ts'
import { LISTING_CASES } from './cases/listing.ts'
import { METADATA_CASES } from './cases/metadata.ts'
import { MULTIPART_CASES } from './cases/multipart.ts'
import { COPY_CASES, DELETE_CASES, OBJECT_CASES } from './cases/objects.ts'
import { POLICY_CASES } from './cases/policy.ts'
import { RANGE_CASES } from './cases/ranges.ts'
import type { Case } from './subject.ts'

/** Everything that is expected of an S3 server, by what it is about. */
export const CASES: readonly (readonly [about: string, cases: readonly Case[]])[] = [
  ['buckets and errors', BUCKET_CASES],
  ['objects', OBJECT_CASES],
  ['deletes', DELETE_CASES],
  ['copies', COPY_CASES],
  ['metadata', METADATA_CASES],
  ['ranges', RANGE_CASES],
  ['conditions', CONDITION_CASES],
  ['listings', LISTING_CASES],
  ['keys', KEY_CASES],
  ['checksums', CHECKSUM_CASES],
  ['payloads', PAYLOAD_CASES],
  ['uploads in parts', MULTIPART_CASES],
  ['configuration', CONFIGURATION_CASES],
  ['attributes', ATTRIBUTE_CASES],
  ['lifecycle', LIFECYCLE_CASES],
  ['policy', POLICY_CASES],
  ['forms', FORM_CASES],
  ['authentication', AUTHENTICATION_CASES],
]
