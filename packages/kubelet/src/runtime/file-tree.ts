// A small file tree as persistent data: absolute paths to contents. A path that holds null is a directory.

/** Files by absolute path; `null` marks a directory. Frozen data: every change gives a new tree. */
export type FileTree = Readonly<Record<string, string | null>>;

/** A tree with nothing in it. */
export const emptyTree: FileTree = {};

/** An absolute path without `.`, `..` and doubled or trailing slashes. */
export function resolvePath(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The directory that holds a path. */
export function parentOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

/** Last part of a path. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether the path is a directory: by mark, or because something lies below it. */
export function isDirectory(tree: FileTree, path: string): boolean {
  if (path === '/' || tree[path] === null) return true;
  return Object.keys(tree).some((each) => each.startsWith(`${path}/`));
}

/** Content of a file; undefined if there is none. */
export function readFile(tree: FileTree, path: string): string | undefined {
  return Object.hasOwn(tree, path) ? (tree[path] ?? undefined) : undefined;
}

/** Names directly below a directory, sorted. */
export function listDirectory(tree: FileTree, path: string): readonly string[] {
  const prefix = path === '/' ? '/' : `${path}/`;
  const names = new Set<string>();
  for (const each of Object.keys(tree)) if (each.startsWith(prefix) && each !== '/') names.add(each.slice(prefix.length).split('/')[0] as string);
  return [...names].sort();
}

/** The tree with one entry more or replaced. */
export function withEntry(tree: FileTree, path: string, content: string | null): FileTree {
  return { ...tree, [path]: content };
}

/** The tree without a path and everything below it. */
export function withoutPath(tree: FileTree, path: string): FileTree {
  return Object.fromEntries(Object.entries(tree).filter(([each]) => each !== path && !each.startsWith(`${path}/`)));
}

/** Everything at and below a path, as paths relative to it ('' for itself). */
export function subtree(tree: FileTree, path: string): readonly (readonly [string, string | null])[] {
  return Object.entries(tree).filter(([each]) => each === path || each.startsWith(`${path}/`)).map(([each, content]) => [each.slice(path.length), content]);
}
