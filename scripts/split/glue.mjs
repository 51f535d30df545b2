// What loads the two parts, built into the module that wasm-bindgen writes.
import { readFileSync } from 'node:fs';

/** The text of `<which>.js` beside this file. */
export const loader = (which) => readFileSync(new URL(`${which}.js`, import.meta.url), 'utf8');

/**
 * The module of wasm-bindgen with the loader in it, and with numbers for the names by which the WASM imports its
 * functions. Fails when that module looks different than expected.
 */
export function patched(glue, imported, loader) {
  const replace = (text, from, to) => {
    if (text.split(from).length !== 2) throw new Error(`wasm-bindgen writes ${from} not once any more`);
    return text.replace(from, () => to);
  };
  let text = glue;
  for (const [name, number] of imported) text = replace(text, `${name}: function`, `${number}: function`);
  text = replace(text, '"./mosaic_bg.js": import0,', '"./mosaic_bg.js": import0, ...additional,');
  text = replace(text, 'wasm = instance.exports;', 'wasm = instance.exports;\n    instantiated();');
  text = replace(text, 'wasm.hydrate();', 'wasm.hydrate();\n    hydrated();');
  text = replace(text, '__wbg_init as default', 'load as default');
  return `${text}\n${loader}`;
}
