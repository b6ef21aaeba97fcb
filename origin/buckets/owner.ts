import { element, type Xml } from '../protocol/xml.ts'

/** The one owner of everything here: S3's documents must name one. */
export const OWNER: Xml = element('Owner', [element('ID', 'origin'), element('DisplayName', 'origin')])
