// A module in the text format as wasm-dis writes it, cut into its parts: one form a line, functions over many.

const CALLED = /\((?:return_)?call (\$[^\s()]+)|\(ref\.func (\$[^\s()]+)\)/g;

/** The top-level forms of a module, in order. */
export function parse(text) {
  const forms = [];
  let current = null;
  for (const line of text.split('\n')) {
    if (line.startsWith(' (')) {
      current = [line];
      forms.push(current);
    } else if (current && (line.startsWith('  ') || line === ' )')) current.push(line);
  }
  return forms.map((lines) => describe(lines.join('\n')));
}

function describe(text) {
  const [, kind] = /^ \((\w+)/.exec(text);
  if (kind === 'func') {
    const [head] = text.split('\n', 1);
    const [, name] = /^ \(func (\$[^\s()]+)/.exec(head);
    const parameters = [...head.matchAll(/\(param \$\S+ (\w+)\)/g)].map(([, type]) => `(param ${type})`);
    return {
      kind,
      text,
      name,
      parameters: parameters.length,
      signature: [...parameters, /\(result [^()]*\)/.exec(head)?.[0]].join(' ').trim(),
      calls: [...text.matchAll(CALLED)].map((match) => match[1] ?? match[2]),
    };
  }
  if (kind === 'import') {
    const [, what, name] = /\((func|memory|table|global|tag) (\$[^\s()]+)/.exec(text);
    return { kind, what, text, name };
  }
  if (kind === 'memory' || kind === 'table' || kind === 'global') {
    const [, name, type] = new RegExp(`^ \\(${kind} (\\$[^\\s()]+) (.*)\\)$`, 's').exec(text);
    return { kind, text, name, type };
  }
  return { kind, text };
}
