/** Where what has been started is found. */
export interface Shown extends Readonly<Record<'url' | 'bucket' | 'admin' | 'program', string>> {
  /** Where Cloudflare's URLs are answered. */
  readonly mounts: readonly string[]
}

/** What `start` prints when everything runs: URLs to try. */
export function welcome({ url, bucket, admin, program, mounts }: Shown): string {
  return `
Halftone is ready. Open ${url}/ or try:
  ${url}/img/items/demo-1/800.webp
  ${url}/img/items/demo-2/800x600.avif
  ${url}/img/items/demo-3/photos/p2/thumbnail.jpg
  ${url}/img/profiles/demo-ana/256x256.webp
${mounts.map((mount) => `  ${url}${mount}/w=320,f=auto/items/demo-1\n`).join('')}Metrics: ${admin}/metrics   Bucket: ${bucket}
Your own photos: ${program} seed DIRECTORY
Stop with Ctrl-C.

`
}
