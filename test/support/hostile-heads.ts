/** A request as it goes over the wire, to somewhere that answers GET; what it is. */
type Attack = readonly [what: string, sent: string | Buffer]

const HOST = 'Host: x\r\n'
const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** What can be read by no rule, or by two: whoever answers it must refuse it, and end the connection. */
export function unreadable(path: string): readonly Attack[] {
  const get = (more: string) => `GET ${path} HTTP/1.1\r\n${more}\r\n`
  return [
    ['no request', 'hello\r\n\r\n'],
    ['TLS', Buffer.from('16030100a5010000a10303', 'hex')],
    ['HTTP/0.9', `GET ${path}\r\n\r\n`],
    ['HTTP/0.9 with headers', `GET ${path}\r\n${HOST}\r\n`],
    ['HTTP/0.9 without an empty line', `GET ${path}\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/3.0', `GET ${path} HTTP/3.0\r\n${HOST}\r\n`],
    ['HTTP/1.2', `GET ${path} HTTP/1.2\r\n${HOST}\r\n`],
    ['http in lower case', `GET ${path} http/1.1\r\n${HOST}\r\n`],
    ['a method in lower case', `get ${path} HTTP/1.1\r\n${HOST}\r\n`],
    ['a method that nobody knows', `FOO ${path} HTTP/1.1\r\n${HOST}\r\n`],
    ['tabs between its parts', `GET\t${path}\tHTTP/1.1\r\n${HOST}\r\n`],
    ['a space in the target', `GET ${path} x HTTP/1.1\r\n${HOST}\r\n`],
    ['NUL in the target', `GET ${path}\0 HTTP/1.1\r\n${HOST}\r\n`],
    ['bytes above ASCII in the target', latin1(`GET ${path}\xff HTTP/1.1\r\n${HOST}\r\n`)],
    ['a relative target', `GET img/a HTTP/1.1\r\n${HOST}\r\n`],
    ['an authority as target', `GET x:80 HTTP/1.1\r\n${HOST}\r\n`],
    ['no Host', get('')],
    ['two Hosts', get(`${HOST}Host: y\r\n`)],
    ['one Host twice', get(`${HOST}${HOST}`)],
    ['a folded header', get(`${HOST}X-A: a\r\n b\r\n`)],
    ['a space before a colon', get(`${HOST}X-A : a\r\n`)],
    ['a space before the first header', get(` ${HOST}`)],
    ['NUL in a header', get(`${HOST}X-A: a\0b\r\n`)],
    ['lines that end in LF', `GET ${path} HTTP/1.1\nHost: x\n\n`],
    ['a header that ends in LF', get(`${HOST}X-A: a\nX-B: b\r\n`)],
    ['CR in a header', get(`${HOST}X-A: a\rX-B: b\r\n`)],
    ['a header without a colon', get(`${HOST}XA\r\n`)],
    ['a header without a name', get(`${HOST}: a\r\n`)],
    ['a header of 100 KB', get(`${HOST}X-A: ${'a'.repeat(100_000)}\r\n`)],
    ['20,000 headers', get(`${HOST}${'a:\r\n'.repeat(20_000)}`)],
    ['a target of 64 KB', `GET /img/${'a'.repeat(65_536)}/320.webp HTTP/1.1\r\n${HOST}\r\n`],
    ['CONNECT', `CONNECT x:80 HTTP/1.1\r\n${HOST}\r\n`],
  ]
}

/**
 * Requests with a body whose end two servers could see in different places, and behind it a request that only one of
 * them sees. It must not be answered.
 */
export function smuggling(path: string, smuggled: string): readonly Attack[] {
  const behind = `GET ${smuggled} HTTP/1.1\r\n${HOST}\r\n`
  const post = (headers: string, body: string) =>
    `POST ${path} HTTP/1.1\r\n${HOST}${headers}\r\n${body}${behind}`
  const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body)
  const END = '0\r\n\r\n'
  const CL4 = 'Content-Length: 4\r\n'
  return [
    ['CL.TE', post(`${CL4}Transfer-Encoding: chunked\r\n`, END)],
    ['TE.CL', post(`Transfer-Encoding: chunked\r\n${CL4}`, END)],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 5\r\n', 'hello')],
    ['one length twice', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')],
    ['a list of lengths', post('Content-Length: 5, 5\r\n', 'hello')],
    ...['+5', '-5', '0x5', '5 6', '5.0', '', '18446744073709551621'].map(
      (length): Attack => [
        `a length of ${JSON.stringify(length)}`,
        post(`Content-Length: ${length}\r\n`, 'hello'),
      ],
    ),
    ...[
      'xchunked',
      'chunked, identity',
      'identity',
      'gzip, chunked',
      'chunked, chunked',
      '"chunked"',
      'chunked;q=1',
      '\x0bchunked',
      '\r\n chunked',
    ].map((coding): Attack => {
      const header = `Transfer-Encoding: ${coding}\r\n`
      return [`a coding of ${JSON.stringify(coding)}`, post(header, END)]
    }),
    ['two codings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', END)],
    ['a coding behind a space', post(`Transfer-Encoding : chunked\r\n${CL4}`, END)],
    ['a coding behind LF', post(`X: x\nTransfer-Encoding: chunked\r\n${CL4}`, END)],
    ['a length behind CR', post('Content-Length: 5\r\rX: y\r\n', 'hello')],
    [
      'a coding in HTTP/1.0',
      `POST ${path} HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n${END}${behind}`,
    ],
    ...['zz', '-1', '+5', '0x5', '5 ', ' 5', '10000000000000005', ''].map(
      (size): Attack => [`a chunk of size ${JSON.stringify(size)}`, chunked(`${size}\r\nhello\r\n${END}`)],
    ),
    ['a chunk longer than its size', chunked(`5\r\nhello!!${END}`)],
    ['chunks that end in LF', chunked('5\nhello\n0\n\n')],
    ['an extension with LF', chunked(`5;a\nb\r\nhello\r\n${END}`)],
    ['an extension of 100 KB', chunked(`5;${'a'.repeat(100_000)}\r\nhello\r\n${END}`)],
    ['a length among trailers', chunked('0\r\nContent-Length: 100\r\n\r\n')],
  ]
}
