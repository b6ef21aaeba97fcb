/** What drawings need of jsdom: a window to sanitise in. */
declare module 'jsdom' {
  /** A document with a window, where nothing runs and nothing is loaded. */
  export class JSDOM {
    constructor(markup: string, options: { readonly contentType: string })
    readonly window: unknown
  }
}
