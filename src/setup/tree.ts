/** The files of a node, by absolute path. Reading only; a test satisfies it with a table. */
export interface Tree {
  /** The file's text; undefined if there is none. Throws a SetupError for one that cannot be read. */
  read(path: string): string | undefined;
  /** Names of the entries of a folder, sorted; empty if there is none. */
  list(folder: string): readonly string[];
  exists(path: string): boolean;
}

/** A tree with some files replaced (a string) or absent (undefined): the node as it would be after a change. */
export function overlayTree(tree: Tree, changes: ReadonlyMap<string, string | undefined>): Tree {
  const has = (path: string) => (changes.has(path) ? changes.get(path) !== undefined : tree.exists(path));
  return {
    read: path => (changes.has(path) ? changes.get(path) : tree.read(path)),
    exists: has,
    list: folder => {
      const prefix = `${folder}/`;
      const added = [...changes.keys()].filter(
        path => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
      );
      const names = new Set([...tree.list(folder), ...added.map(path => path.slice(prefix.length))]);
      return [...names].filter(name => has(prefix + name)).sort();
    },
  };
}
