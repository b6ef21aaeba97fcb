import { type Files, NODE_FILES } from '../../origin/store/files.ts'

/** The real file operations, but one of them fails where `isDue` says. */
export function failing(
  operation: 'open' | 'rename' | 'link' | 'unlink',
  isDue: (path: string) => boolean,
  code: string,
): Files {
  const check = (name: string, path: unknown): void => {
    if (name === operation && isDue(String(path)))
      throw Object.assign(new Error(`${code}: planted`), { code })
  }
  return {
    ...NODE_FILES,
    open: async (path, flags, mode) => (check('open', path), NODE_FILES.open(path, flags, mode)),
    rename: async (from, to) => (check('rename', from), NODE_FILES.rename(from, to)),
    link: async (from, to) => (check('link', from), NODE_FILES.link(from, to)),
    unlink: async (path) => (check('unlink', path), NODE_FILES.unlink(path)),
  }
}
