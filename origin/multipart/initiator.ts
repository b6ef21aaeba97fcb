import { element, type Xml } from '../protocol/xml.ts'

/** Who began an upload: S3's documents must name one, and here there is one owner of everything. */
export const INITIATOR: Xml = element('Initiator', [
  element('ID', 'origin'),
  element('DisplayName', 'origin'),
])
