import { describe, expect, it } from 'vitest'
import { parseCloudflareTarget } from '../../src/cloudflare/target.ts'

const MOUNTS = ['/cdn-cgi/image', '/images', '/images/small']

describe('parseCloudflareTarget', () => {
  it.each([
    ['/cdn-cgi/image/w=80/uploads/a.jpg', 'w=80', 'uploads/a.jpg'],
    ['/cdn-cgi/image/w=80//uploads/a.jpg', 'w=80', '/uploads/a.jpg'],
    ['/cdn-cgi/image/w=80,f=auto/https://host/a.jpg?v=3&w=/', 'w=80,f=auto', 'https://host/a.jpg?v=3&w=/'],
    ['/cdn-cgi/image/w%3D80%2Cf%3Dauto/a.jpg', 'w=80,f=auto', 'a.jpg'],
    ['/cdn-cgi/image/background=%23ff0000/a.jpg', 'background=#ff0000', 'a.jpg'],
    ['/cdn-cgi/image/background=rgb%28240%2C40%2C145%29/a.png', 'background=rgb(240,40,145)', 'a.png'],
    ['/cdn-cgi/image/background=rgb(0%200%200%20%2F%2050%25)/a', 'background=rgb(0 0 0 / 50%)', 'a'],
    ['/cdn-cgi/image/w=80/%C3%A9%2520.jpg', 'w=80', '%C3%A9%2520.jpg'],
    ['/cdn-cgi/image/flow/w=80/a.jpg', 'w=80', 'a.jpg'],
    ['/cdn-cgi/image/flow/a.jpg', 'flow', 'a.jpg'],
    ['/cdn-cgi/image/w=80/a.jpg?', 'w=80', 'a.jpg?'],
    ['/images/w=80/a.jpg', 'w=80', 'a.jpg'],
    ['/images/small/w=80/a.jpg', 'w=80', 'a.jpg'],
    ['http://edge.example/cdn-cgi/image/w=80/a.jpg', 'w=80', 'a.jpg'],
    ['HTTPS://edge.example:8443/images/w=80/http://b/', 'w=80', 'http://b/'],
  ])('%s: %s of %s', (target, options, source) => {
    expect(parseCloudflareTarget(target, MOUNTS)).toEqual({ options, source })
  })

  it.each([
    '/cdn-cgi/image/',
    '/cdn-cgi/image',
    '/cdn-cgi/image/w=80',
    '/cdn-cgi/image/w=80/',
    '/cdn-cgi/image/w=80//',
    '/cdn-cgi/image//a.jpg',
    '/cdn-cgi/image/?w=80/a.jpg',
    '/cdn-cgi/image/w=80?a/b.jpg',
    '/cdn-cgi/images/w=80/a.jpg',
    '/cdn-cgi/imagew=80/a.jpg',
    '/CDN-CGI/image/w=80/a.jpg',
    '/img/cdn-cgi/image/w=80/a.jpg',
    '?/cdn-cgi/image/w=80/a.jpg',
    '',
  ])('%s is none', (target) => {
    expect(parseCloudflareTarget(target, MOUNTS)).toBeUndefined()
  })

  it('is below no mount where there is none', () => {
    expect(parseCloudflareTarget('/cdn-cgi/image/w=80/a.jpg', [])).toBeUndefined()
  })

  it.each(['/cdn-cgi/image/w=%ff/a.jpg', '/cdn-cgi/image/w=%/a.jpg'])('%s is refused', (target) => {
    expect(() => parseCloudflareTarget(target, MOUNTS)).toThrow('options: must be percent-encoded UTF-8')
  })
})
