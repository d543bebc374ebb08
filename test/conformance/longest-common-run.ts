/**
 * Length of the longest common subsequence: how many items of `expected` are found in `found` in the same order, at best.
 * Two rows of the usual table, so memory grows with one list only.
 */
export function longestCommonSubsequence(expected: readonly string[], found: readonly string[]): number {
  let before = new Uint32Array(found.length + 1);
  let row = new Uint32Array(found.length + 1);
  for (const item of expected) {
    for (let column = 1; column <= found.length; column++) {
      row[column] =
        found[column - 1] === item
          ? (before[column - 1] ?? 0) + 1
          : Math.max(before[column] ?? 0, row[column - 1] ?? 0);
    }
    [before, row] = [row, before];
  }
  return before[found.length] ?? 0;
}

/** The first place at which two lists part, or null when they are equal. */
export function firstParting(
  expected: readonly string[],
  found: readonly string[],
): { readonly index: number; readonly expected: string | null; readonly found: string | null } | null {
  for (let index = 0; index < Math.max(expected.length, found.length); index++) {
    if (expected[index] === found[index]) continue;
    return { index, expected: expected[index] ?? null, found: found[index] ?? null };
  }
  return null;
}
