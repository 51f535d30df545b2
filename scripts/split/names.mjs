// Names of functions that stay the same from one build to the next, and short enough for a list of thousands.
import { createHash } from 'node:crypto';
import { functionNames, number, sections, sized } from './binary.mjs';

/** What tells one copy of a crate from another in a mangled name; changes with the compiler. */
const DISAMBIGUATOR = /Cs[0-9A-Za-z]*_/g;

/**
 * The module with each function named by a sum of its own name, and with no other names; and what each sum stands
 * for. A module without names is an error: nothing could be told from it.
 */
export function withShortNames(module) {
  const names = new Map();
  const entries = [...functionNames(module)].map(([index, name]) => {
    const sum = createHash('sha256').update(name.replace(DISAMBIGUATOR, 'C')).digest('hex').slice(0, 8);
    let unique = `f${sum}`;
    for (let n = 2; names.has(unique); n++) unique = `f${sum}-${n}`;
    names.set(unique, name);
    return Buffer.concat([number(index), sized(Buffer.from(unique))]);
  });
  const functions = sized(Buffer.concat([number(entries.length), ...entries]));
  const section = Buffer.concat([sized(Buffer.from('name')), Buffer.from([1]), functions]);
  const others = sections(module).filter(({ id }) => id !== 0);
  return {
    module: Buffer.concat([module.subarray(0, 8), ...others.map(({ bytes }) => bytes), Buffer.from([0]), sized(section)]),
    names,
  };
}
