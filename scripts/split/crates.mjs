// How many bytes of code a module owes to which crate.
import { functionBodies, functionNames } from './binary.mjs';

/** Bytes of code by crate, most first. `names` tells the linker's names; what has none of Rust's is `others`. */
export function byCrate(module, names) {
  const called = functionNames(module);
  const sums = new Map();
  for (const { index, start, end } of functionBodies(module)) {
    const crate = crateOf(names.get(called.get(index)) ?? '');
    sums.set(crate, (sums.get(crate) ?? 0) + end - start);
  }
  return [...sums].sort((a, b) => b[1] - a[1]);
}

/** The first crate in a name: where the function is written. */
function crateOf(name) {
  const found = /^_R.*?C(?:s[0-9A-Za-z]*_)?(\d+)_?/.exec(name);
  return found ? name.substr(found[0].length, Number(found[1])) : 'others';
}
