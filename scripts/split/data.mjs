// Which data the functions of the first part can reach, told by what the linker notes of every address that it
// fills in (`--emit-relocs`; https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md).
import { dataSegments, functionBodies, functionNames, Reader, sections } from './binary.mjs';

const SYMBOLS = 8;
const [FUNCTION, DATA, SECTION] = [0, 1, 3];
const [UNDEFINED, EXPLICIT_NAME] = [0x10, 0x40];
/** Notes of an address in memory, and all that carry a number to add. */
const ADDRESSES = new Set([3, 4, 5, 11, 14, 15, 16, 17, 21, 23, 25]);
const ADDING = new Set([...ADDRESSES, 8, 9, 22]);

/**
 * The data of `linked`, the module as the linker wrote it, in two: pieces that the functions with the given names
 * can reach, whether named in their code or in data they reach, and pieces that only others can.
 */
export function reachable(linked, named) {
  const all = sections(linked);
  const segments = dataSegments(linked);
  const symbols = symbolsOf(all);
  const found = new Set();
  const waiting = [];
  const reach = (index) => {
    if (symbols[index]?.kind === DATA && !found.has(index)) {
      found.add(index);
      waiting.push(index);
    }
  };
  const notes = (name) => relocations(all, name);

  const names = functionNames(linked);
  const callers = functionBodies(linked);
  const known = new Set(names.values());
  // wasm-bindgen adds functions around some, with names that say so. They refer to no data.
  const unknown = [...named].find((name) => name.startsWith('_R') && !known.has(name.replace(/( \w+ shim)+$/, '')));
  if (unknown) throw new Error(`this is not the module that was linked: it has no ${unknown}`);
  for (const { offset, symbol } of notes('reloc.CODE')) if (named.has(names.get(within(callers, offset)?.index))) reach(symbol);

  const places = segmentPlaces(all);
  const pointers = notes('reloc.DATA').map(({ offset, symbol }) => {
    const segment = places.findIndex(({ start, end }) => start <= offset && offset < end);
    return { segment, offset: offset - places[segment].start, symbol };
  });
  while (waiting.length > 0) {
    const { segment, offset, size } = symbols[waiting.pop()];
    for (const pointer of pointersWithin(pointers, segment, offset, offset + size)) reach(pointer.symbol);
  }
  return cut(segments, symbols, found);
}

function symbolsOf(all) {
  const reader = new Reader(all.find(({ name }) => name === 'linking')?.body ?? Buffer.alloc(1));
  reader.number();
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    const content = new Reader(reader.take(reader.number()));
    if (kind === SYMBOLS) return content.list(symbol);
  }
  throw new Error('the linker was not asked for --emit-relocs');
}

function symbol(reader) {
  const kind = reader.byte();
  const flags = reader.number();
  if (kind === DATA) {
    reader.text();
    if (flags & UNDEFINED) return { kind: FUNCTION };
    return { kind, segment: reader.number(), offset: reader.number(), size: reader.number() };
  }
  reader.number();
  if (kind !== SECTION && (!(flags & UNDEFINED) || flags & EXPLICIT_NAME)) reader.text();
  return { kind };
}

/** The addresses filled in by the linker that a section notes: where, counted from its content, and of what. */
function relocations(all, name) {
  const reader = new Reader(all.find((section) => section.name === name)?.body ?? Buffer.alloc(2));
  reader.number();
  const notes = reader.list(() => {
    const kind = reader.byte();
    const note = { kind, offset: reader.number(), symbol: reader.number() };
    if (ADDING.has(kind)) reader.skipSigned();
    return note;
  });
  return notes.filter(({ kind }) => ADDRESSES.has(kind));
}

/** The range that holds `offset`, among ranges in order. */
function within(ranges, offset) {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle].end <= offset) low = middle + 1;
    else high = middle;
  }
  return ranges[low]?.start <= offset ? ranges[low] : undefined;
}

function segmentPlaces(all) {
  const reader = new Reader(all.find(({ id }) => id === 11).content);
  return reader.list(() => {
    reader.number();
    reader.byte();
    reader.number();
    reader.byte();
    const length = reader.number();
    const start = reader.at;
    reader.take(length);
    return { start, end: reader.at };
  });
}

function* pointersWithin(pointers, segment, from, to) {
  for (const pointer of pointers) {
    if (pointer.segment === segment && from <= pointer.offset && pointer.offset < to) yield pointer;
  }
}

/** What nobody has a symbol for stays. So does a hole too small to be worth two more headers. */
function cut(segments, symbols, found) {
  const HOLE = 12;
  const [stays, leaves] = [[], []];
  segments.forEach(({ address, bytes }, segment) => {
    const goes = new Uint8Array(bytes.length);
    const mark = (value) => (symbol) => goes.fill(value, symbol.offset, symbol.offset + symbol.size);
    const here = symbols.map((symbol, index) => ({ ...symbol, index })).filter((symbol) => symbol.kind === DATA && symbol.segment === segment);
    here.forEach(mark(1));
    here.filter(({ index }) => found.has(index)).forEach(mark(0));
    let from = 0;
    for (let at = 1; at <= bytes.length; at++) {
      if (at < bytes.length && goes[at] === goes[from]) continue;
      (goes[from] ? leaves : stays).push({ address: address + from, bytes: bytes.subarray(from, at) });
      from = at;
    }
  });
  return { stays: joined(stays, segments, HOLE), leaves };
}

function joined(pieces, segments, hole) {
  const whole = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    const segment = segments.find(({ address, bytes }) => address <= piece.address && piece.address < address + bytes.length);
    if (last && piece.address - last.end <= hole && last.address >= segment.address) last.end = piece.address + piece.bytes.length;
    else whole.push({ address: piece.address, end: piece.address + piece.bytes.length, segment });
  }
  return whole.map(({ address, end, segment }) => ({
    address,
    bytes: segment.bytes.subarray(address - segment.address, end - segment.address),
  }));
}
