/** Whether a whole text matches the glob, in which `*` stands for any characters and `?` for one. */
export function globMatcher(glob: string): (text: string) => boolean {
  const pattern = glob
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const regexp = new RegExp(`^${pattern}$`, 's');
  return text => regexp.test(text);
}
