/** What stands on the lines of a text, or in the cells of a row, without blank ones. */
export const linesOf = (text: string) =>
  text
    .split(/\r?\n|\t/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
