import type { Scenario } from '../contest.ts'
import { openOriginGet, openOriginGetNode } from './get.ts'
import { whyNoNginx } from './nginx.ts'
import { openOriginPut, openOriginPutNode } from './put.ts'

/** The S3 server that ships, beside others that do the same. */
export const ORIGIN_SCENARIOS: readonly Scenario[] = [
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
]
