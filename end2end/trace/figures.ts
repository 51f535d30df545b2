import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect } from '@playwright/test';
import { root } from '../support/paths.js';
import type { Trace } from './trace.js';

/** One measured number, and what it may be at most. */
interface Figure {
  readonly what: string;
  readonly unit: 'ms' | 'px' | 'elements' | 'tasks' | '%';
  readonly measured: number;
  readonly bound: number | undefined;
}

/** What a run has measured. */
export class Figures {
  readonly #all: Figure[] = [];
  readonly #traces: [name: string, trace: Trace][] = [];

  add(what: string, unit: Figure['unit'], measured: number, bound?: number): void {
    this.#all.push({ what, unit, measured: Math.round(measured * 100) / 100, bound });
  }

  /** Keeps what figures come from, in case that a bound is broken. */
  keep(name: string, trace: Trace): Trace {
    this.#traces.push([name, trace]);
    return trace;
  }

  /** For how much of the time the machine stalled, in per cent: of all that was traced, or while the page was at work. */
  stalled(which: 'traced' | 'busy'): number {
    const times = this.#traces.map(([, trace]) => trace[which]());
    const total = (of: 'time' | 'stalled') => times.reduce((sum, times) => sum + times[of], 0);
    return (100 * total('stalled')) / total('time');
  }

  /** Prints all of them, writes them down, and says which bounds are broken; then the traces are written, too. */
  async report(about: object): Promise<void> {
    const folder = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'trace');
    const path = join(folder, new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''));
    const file = `${path}.json`;
    await mkdir(folder, { recursive: true });
    await writeFile(file, `${JSON.stringify({ about, figures: this.#all }, null, 2)}\n`);
    const lines = this.#all.map(({ what, unit, measured, bound }) =>
      [what.padEnd(76), String(measured).padStart(9), unit.padEnd(8), bound === undefined ? '' : `≤ ${bound}`, this.#isBroken(measured, bound) ? 'BROKEN' : ''].join(' '),
    );
    console.log(`\n${lines.map((line) => line.trimEnd()).join('\n')}\n\nwritten to ${file}`);
    const broken = this.#all.filter(({ measured, bound }) => this.#isBroken(measured, bound));
    if (broken.length > 0) {
      for (const [name, { raw }] of this.#traces) await writeFile(`${path}-${name}.trace.json`, raw);
      console.log(`traces: ${path}-*.trace.json`);
    }
    expect(broken, 'bounds that do not hold').toEqual([]);
  }

  #isBroken(measured: number, bound: number | undefined): boolean {
    return bound !== undefined && !(measured <= bound);
  }
}
