// Runs the real wasm-opt, then cuts the module in two: the functions that the page of matches runs until it
// reacts (first.txt), and all others, which the page fetches after that. A function of the second part that is
// called from the first goes by the table of functions, in which the second part puts its own; a call that comes
// before it is there fetches it at once. So what is in the list decides about weight and time alone, never about
// what the program does.
//
// With MOSAIC_PROFILE=<file> nothing is cut: each function tells that it was called, and <file> gets their names.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sections } from './binary.mjs';
import { byCrate } from './crates.mjs';
import { reachable } from './data.mjs';
import { loader, patched } from './glue.mjs';
import { parse } from './module.mjs';
import { withShortNames } from './names.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const tools = join(root, 'end2end/node_modules/binaryen/bin');
const run = (tool, ...args) => execFileSync(join(tools, tool), args, { stdio: 'inherit' });

// As cargo-leptos calls it: flags, then one file that is read and written.
const options = process.argv.slice(2);
const [input, to, output] = options.slice(-3);
if (to !== '-o') {
  run('wasm-opt', ...options);
  process.exit();
}
const flags = options.slice(0, -3);
// What rustc's wasm32-unknown-unknown and wasm-bindgen use; all of it older than the oldest browser we serve.
const features = ['bulk-memory', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types', 'sign-ext']
  .map((feature) => `--enable-${feature}`);
const folder = mkdtempSync(join(tmpdir(), 'mosaic-split-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const file = (name) => join(folder, name);

const { module, names } = withShortNames(readFileSync(input));
writeFileSync(file('named.wasm'), module);
run('wasm-dis', '-all', file('named.wasm'), '-o', file('named.wat'));
const forms = parse(readFileSync(file('named.wat'), 'utf8'));

// The names of imports carry sums of 16 digits, which cost more than anything else of the same length.
const imports = forms.filter(({ kind }) => kind === 'import');
const imported = new Map();
for (const form of imports) {
  form.text = form.text.replace(/^( \(import "[^"]+") "([^"]+)"/, (_, from, name) => {
    imported.set(name, imported.size);
    return `${from} "${imported.get(name)}"`;
  });
}

/** Each part is optimised by itself, so that nothing of one ends up in the other. Returns its code by crate. */
function assemble(name, texts, to) {
  writeFileSync(file(name), `(module\n${texts.join('\n')}\n)\n`);
  run('wasm-opt', ...features, ...flags, '-g', file(name), '-o', file('part.wasm'));
  const part = readFileSync(file('part.wasm'));
  const kept = sections(part).filter(({ id }) => id !== 0);
  writeFileSync(to, Buffer.concat([part.subarray(0, 8), ...kept.map(({ bytes }) => bytes)]));
  return byCrate(part, names);
}

const glue = join(dirname(output), basename(output, '.wasm') + '.js');
if (process.env.MOSAIC_PROFILE) {
  const counted = [];
  const ran = '$mosaic-ran';
  const texts = forms.map((form) => {
    if (form.kind !== 'func') return form.text;
    // Between the locals and the body.
    const lines = form.text.split('\n');
    let at = 1;
    while (lines[at]?.startsWith('  (local ')) at++;
    lines.splice(at, 0, `  (call ${ran} (i32.const ${counted.push(form.name.slice(1)) - 1}))`);
    return lines.join('\n');
  });
  assemble('counted.wat', [` (import "profile" "ran" (func ${ran} (param i32)))`, ...texts], output);
  writeFileSync(process.env.MOSAIC_PROFILE, JSON.stringify(counted));
  writeFileSync(glue, patched(readFileSync(glue, 'utf8'), imported, loader('profile')));
  process.exit();
}

const listed = new Set(readFileSync(join(here, 'first.txt'), 'utf8').split('\n'));
const functions = forms.filter((form) => form.kind === 'func');
const byName = new Map(functions.map((form) => [form.name, form]));
const exported = new Set(
  forms.flatMap(({ kind, text }) => (kind === 'export' ? (/\(func (\$[^\s()]+)\)/.exec(text)?.slice(1) ?? []) : [])),
);
const stays = ({ name }) => listed.has(name.slice(1)) || exported.has(name);
const first = functions.filter(stays);
const rest = functions.filter((form) => !stays(form));

// Everything that is called across the cut has a place in the table of functions: its own, or one at the end.
const { table, places } = tableOf(forms);
const calledFrom = (callers, callees) => {
  const called = new Set(callers.flatMap(({ calls }) => calls));
  return callees.filter(({ name }) => called.has(name));
};
const outward = calledFrom(first, rest);
const inward = calledFrom(rest, first);
// Alike ones side by side, which is shorter to say.
const bySignature = (a, b) => Number(a.signature > b.signature) - Number(a.signature < b.signature);
const slots = new Map();
places.forEach((name, slot) => slots.set(name, slot));
for (const { name } of [...outward, ...inward].sort(bySignature)) {
  if (slots.has(name)) continue;
  slots.set(name, places.length);
  places.push(name);
}

// Elements of the first part: functions of the second have a door there, which the loader puts in (doors.js).
// Until then the function before stands in that place, so that the list stays one piece.
const doors = places.map((name) => (name && byName.has(name) && !stays(byName.get(name)) ? byName.get(name) : null));
const filled = [];
places.forEach((name, slot) => filled.push(name === null ? null : doors[slot] ? filled.at(-1) : name));
const start = filled.findIndex((name) => name !== null);
filled.forEach((name, slot) => {
  if (slot >= start && name === null) filled[slot] = filled[slot - 1];
});

/** Stands in the first part for a function of the second that is called by name. */
function wrapper({ name, signature, parameters }) {
  const handed = Array.from({ length: parameters }, (_, n) => `(local.get ${n})`).join(' ');
  return ` (func ${name} ${signature}\n  (call_indirect ${table.name} ${signature} ${handed} (i32.const ${slots.get(name)}))\n )`;
}

const shared = forms.filter(({ kind }) => kind === 'memory' || kind === 'table' || kind === 'global');
const types = forms.filter(({ kind }) => kind === 'type' || kind === 'rec');
const exports = forms.filter(({ kind }) => kind === 'export');
const linked = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'front/wasm32-unknown-unknown/wasm-release/mosaic.wasm');
const data = reachable(readFileSync(linked), new Set(first.map(({ name }) => names.get(name.slice(1)))));
const written = (pieces) =>
  pieces.map(({ address, bytes }) => ` (data (i32.const ${address}) "${bytes.toString('hex').replace(/../g, '\\$&')}")`);
if (imports.some(({ what }) => what !== 'func')) throw new Error('only functions can be imported by the module');
const wide = (form) => (form === table ? { ...form, type: `${places.length} ${places.length} funcref` } : form);

const firstCode = assemble(
  'first.wat',
  [
    ...types.map(({ text }) => text),
    ...imports.map(({ text }) => text),
    ...shared.map(wide).map(({ kind, name, type }) => ` (${kind} ${name} ${type})`),
    ` (elem $places (table ${table.name}) (i32.const ${start}) func ${filled.slice(start).join(' ')})`,
    ...shared.map(({ kind, name }) => ` (export "${kind}${name}" (${kind} ${name}))`),
    ...exports.map(({ text }) => text),
    ...written(data.stays),
    ...first.map(({ text }) => text),
    ...outward.map(wrapper),
  ],
  output,
);
const restCode = assemble(
  'rest.wat',
  [
    ...types.map(({ text }) => text),
    ...imports.map(({ text }) => text),
    ...shared.map(wide).map(({ kind, name, type }) => {
      const bare = kind === 'global' ? /^(\(mut \w+\)|\w+)/.exec(type)[0] : type;
      return ` (import "first" "${kind}${name}" (${kind} ${name} ${bare}))`;
    }),
    ...inward.map(({ name, signature }) => ` (import "first" "${slots.get(name)}" (func ${name} ${signature}))`),
    ...runs(doors).map(
      ([from, run]) => ` (elem $from${from} (table ${table.name}) (i32.const ${from}) func ${run.map(({ name }) => name).join(' ')})`,
    ),
    ...written(data.leaves),
    ...rest.map(({ text }) => text),
  ],
  join(dirname(output), 'mosaic_rest.wasm'),
);
writeFileSync(glue, patched(readFileSync(glue, 'utf8'), imported, loader('rest').replaceAll('TABLE', `table${table.name}`) + described(doors)));

// For `make weight`: whose code it is.
const size = (pieces) => pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
const report = (what, part, data, code) => [
  `${what}: ${part.length} functions, ${size(data)} bytes of data; code by crate:`,
  ...code.filter(([, bytes]) => bytes >= 1000).map(([crate, bytes]) => `${String(bytes).padStart(8)}  ${crate}`),
];
const lines = [...report('first part', first, data.stays, firstCode), ...report('second part', rest, data.leaves, restCode)];
writeFileSync(join(dirname(linked), 'crates.txt'), `${lines.join('\n')}\n`);

/** The table of functions, and who stands at each place. */
function tableOf(forms) {
  const elements = forms.filter(({ kind }) => kind === 'elem');
  const form = forms.find(({ kind, type }) => kind === 'table' && type.endsWith('funcref'));
  const list = elements.length === 1 && /\(i32\.const (\d+)\) func (.*)\)$/s.exec(elements[0].text);
  if (!form || !list) throw new Error('the module does not have one table with one list of functions');
  const names = list[2].split(' ');
  return { table: form, places: [...Array(Number(list[1])).fill(null), ...names] };
}

/** What is there, piece by piece, each with where it begins. */
function runs(list) {
  const found = [];
  list.forEach((item, index) => {
    if (!item) return;
    if (!list[index - 1]) found.push([index, []]);
    found.at(-1)[1].push(item);
  });
  return found;
}

/** For doors.js: the signatures, and a character for each place: the number of its signature, from `0` on. */
function described(doors) {
  const letter = { i32: 'i', i64: 'I', f32: 'f', f64: 'F', externref: 'e' };
  const brief = ({ signature }) => {
    const [, given, made] = /^((?:\(param \w+\) ?)*)(?:\(result (\w+)\))?$/.exec(signature);
    const types = [...given.matchAll(/param (\w+)/g)].map(([, type]) => letter[type]);
    if ([...types, letter[made] ?? ''].includes(undefined)) throw new Error(`no letter for ${signature}`);
    return `${types.join('')}:${letter[made] ?? ''}`;
  };
  const signatures = [...new Set(doors.filter(Boolean).map(brief))];
  const plan = doors.map((door) => (door ? String.fromCharCode(48 + signatures.indexOf(brief(door))) : ' ')).join('');
  return `${loader('doors')}\nconst SIGNATURES = ${JSON.stringify(signatures.join(' '))};\nconst PLAN = ${JSON.stringify(plan)};\n`;
}
