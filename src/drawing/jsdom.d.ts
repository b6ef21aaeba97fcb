/** The little of jsdom that drawings need: a window to sanitise in, in which nothing runs and nothing is loaded. */
declare module 'jsdom' {
  import type { WindowLike } from 'dompurify'

  export interface DomNode {
    append(...children: (DomNode | string)[]): void
    setAttribute(name: string, value: string): void
    setAttributeNS(namespace: string, name: string, value: string): void
  }

  export interface DomWindow extends WindowLike {
    readonly document: { createElementNS(namespace: string, name: string): DomNode }
    readonly XMLSerializer: new () => { serializeToString(node: DomNode): string }
  }

  export class JSDOM {
    constructor(markup: string, options: { readonly contentType: string })
    readonly window: DomWindow
  }
}
