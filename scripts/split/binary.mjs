// The binary format of WebAssembly, as far as the cut needs it: sections, names, and what the linker tells.

/** Reads numbers and texts, one after the other. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  get isAtEnd() {
    return this.at >= this.bytes.length;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
  /** A signed number; only whether it is one matters to nobody here, so its sign is left out. */
  skipSigned() {
    while (this.byte() >= 128);
  }
  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() {
    return this.take(this.number()).toString('utf8');
  }
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

/** The sections of a module: number, name if it is one of its own, content, and all of its bytes. */
export function sections(module) {
  const found = [];
  const reader = new Reader(module, 8);
  while (!reader.isAtEnd) {
    const start = reader.at;
    const id = reader.byte();
    const content = reader.take(reader.number());
    const own = new Reader(content);
    const name = id === 0 ? own.text() : '';
    found.push({ id, name, content, body: content.subarray(own.at), bytes: module.subarray(start, reader.at) });
  }
  return found;
}

/** The names of functions by their number. */
export function functionNames(module) {
  const section = sections(module).find(({ name }) => name === 'name');
  const reader = new Reader(section?.body ?? Buffer.alloc(0));
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    const content = new Reader(reader.take(reader.number()));
    if (kind === 1) return new Map(content.list((entry) => [entry.number(), entry.text()]));
  }
  throw new Error('the module has no names of functions');
}

/** The bodies of functions: number, and where in the content of their section. */
export function functionBodies(module) {
  const all = sections(module);
  const imports = new Reader(all.find(({ id }) => id === 2)?.content ?? Buffer.alloc(1)).list(importKind);
  const reader = new Reader(all.find(({ id }) => id === 10).content);
  let index = imports.filter((kind) => kind === 0).length;
  return reader.list(() => {
    const length = reader.number();
    const start = reader.at;
    reader.take(length);
    return { index: index++, start, end: reader.at };
  });
}

function importKind(reader) {
  reader.text();
  reader.text();
  const kind = reader.byte();
  if (kind === 0) reader.number();
  else if (kind === 3) reader.take(2);
  else if (kind === 4) [reader.byte(), reader.number()];
  else {
    if (kind === 1) reader.byte();
    const hasMaximum = reader.byte() & 1;
    reader.number();
    if (hasMaximum) reader.number();
  }
  return kind;
}

/** The segments of data that a module begins with: address and bytes. */
export function dataSegments(module) {
  const reader = new Reader(sections(module).find(({ id }) => id === 11).content);
  return reader.list(() => {
    if (reader.number() !== 0 || reader.byte() !== 0x41) throw new Error('data that is not there from the start');
    const address = reader.number();
    reader.byte();
    const bytes = reader.take(reader.number());
    return { address, bytes };
  });
}

export function number(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}

/** With its length before it. */
export const sized = (content) => Buffer.concat([number(content.length), content]);
