import { openCold } from './cold.ts'
import type { Scenario } from './contest.ts'
import { openHerd } from './herd.ts'
import { openHot, openNotModified } from './hot.ts'
import { openOriginGet, openOriginGetNode } from './origin/get.ts'
import { whyNoNginx } from './origin/nginx.ts'
import { openOriginPut, openOriginPutNode } from './origin/put.ts'
import { openDownload } from './uploads/download.ts'
import { openThreeVariants } from './uploads/three-variants.ts'
import { openUpload } from './uploads/upload.ts'
import { openWarm } from './warm.ts'

/** Everything that can be measured, in the order in which it is. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'hot',
    measures: 'one picture from memory, 50 connections',
    baseline: 'bare node:http, equal bytes and headers',
    open: openHot,
  },
  {
    name: 'not-modified',
    measures: 'the same with If-None-Match',
    baseline: 'bare node:http, 304 with equal headers',
    open: openNotModified,
  },
  {
    name: 'warm',
    measures: 'stored pictures that are not in memory, 50 connections',
    baseline: 'a GET of the same objects through the same S3 client, 50 at once',
    open: openWarm,
  },
  {
    name: 'cold',
    measures: 'WebP 800 wide of 3000×2000 JPEGs, nothing stored',
    baseline: 'a bare sharp loop in as many processes as there are render workers',
    open: openCold({ format: 'webp' }),
  },
  {
    name: 'cold-jpg',
    measures: 'the same as JPEG',
    baseline: 'the same loop',
    open: openCold({ format: 'jpg' }),
  },
  {
    name: 'cold-one-core',
    measures: 'the same as WebP, all of the gateway on the core that the loop has',
    baseline: 'the same loop',
    open: openCold({ format: 'webp', oneCore: true }),
  },
  {
    name: 'cold-avif',
    measures: 'the same as AVIF',
    baseline: 'the same loop',
    optional: true,
    open: openCold({ format: 'avif' }),
  },
  {
    name: 'herd',
    measures: '200 clients that ask for one cold picture at once',
    baseline: 'one rendering: the ratio is how often it was rendered',
    open: openHerd,
  },
  {
    name: 'origin-get',
    measures: 'the origin: GET of 200 KB, signed, 20 connections',
    baseline: 'nginx, the same bytes on the same disk, unsigned',
    optional: true,
    obstacle: whyNoNginx,
    open: openOriginGet,
  },
  {
    name: 'origin-get-node',
    measures: 'the same',
    baseline: 'bare node:http, equal bytes and headers from memory, unsigned',
    optional: true,
    open: openOriginGetNode,
  },
  {
    name: 'origin-put',
    measures: 'the origin: PUT of 1 MB, signed, one after the other',
    baseline: 'a bare loop: write, fsync, rename, fsync of the directory',
    optional: true,
    open: openOriginPut(1),
  },
  {
    name: 'origin-put-4',
    measures: 'the same, four at once',
    baseline: 'the same loop, four at once',
    optional: true,
    open: openOriginPut(4),
  },
  {
    name: 'origin-put-node',
    measures: 'the same as origin-put',
    baseline: 'bare node:http that takes the MD5, writes, fsyncs, renames, fsyncs the directory; unsigned',
    optional: true,
    open: openOriginPutNode(1),
  },
  {
    name: 'origin-put-node-4',
    measures: 'the same, four at once',
    baseline: 'the same server, four at once',
    optional: true,
    open: openOriginPutNode(4),
  },
  {
    name: 'upload',
    measures: 'a photo of 5 MB with a ticket to the bucket, checked and named, over 30 ms and 50 Mbit/s',
    baseline: 'a PUT of the same bytes by the SDK over the same line',
    optional: true,
    open: openUpload({ way: 'direct', concurrency: 1 }),
  },
  {
    name: 'upload-through',
    measures: 'the same photo as a form through the gateway',
    baseline: 'the same PUT',
    optional: true,
    open: openUpload({ way: 'through', concurrency: 1 }),
  },
  {
    name: 'uploads-50',
    measures: '50 photos of 1 MB at once, none lost',
    baseline: '50 such PUTs at once',
    optional: true,
    open: openUpload({ way: 'direct', concurrency: 50 }),
  },
  {
    name: 'download',
    measures: 'an original of 1 MB through the gateway, over the same line',
    baseline: 'a GET of it by the SDK',
    optional: true,
    open: openDownload,
  },
  {
    name: 'three-variants',
    measures: 'three sizes of a photo of 12 megapixels at once, nothing stored, over the same line',
    baseline: 'a GET of the three from the bucket by the SDK',
    optional: true,
    open: openThreeVariants,
  },
]
