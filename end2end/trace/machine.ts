import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../support/paths.js';
import { middle } from './quantile.js';

/** One beat of the metronome, in microseconds of the trace's clock; `cost` is processor time. */
interface Beat {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
}

/** A part of the trace's clock, in microseconds. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A beat that costs so many times what beats cost otherwise was played by a machine that nearly stood still. */
const SLOW = 2;

/**
 * What the machine itself did meanwhile. One that is shared with others may do everything ten times slower for some
 * tens of milliseconds, and counts that as processor time of whoever runs: how long a task took then says nothing about
 * the task. A metronome, which is a process that does the same over and over, shows when that was.
 */
export class Machine {
  readonly #metronome = spawn(process.execPath, [join(root, 'end2end/trace/metronome.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #lines = createInterface(this.#metronome.stdout);
  readonly #beats: Beat[] = [];

  constructor() {
    this.#lines.on('line', (line) => {
      const [from = NaN, to = NaN, cost = NaN] = line.split(' ').map(Number);
      this.#beats.push({ from, to, cost });
    });
  }

  /** When the machine was slow in a stretch: from the last beat in time to the next. */
  async slow({ from, to }: Stretch): Promise<Stretch[]> {
    while ((this.#beats.at(-1)?.from ?? 0) <= to) await once(this.#lines, 'line');
    const beats = this.#beats.filter((beat) => beat.to > from && beat.from < to);
    const most = SLOW * middle(beats.map(({ cost }) => cost));
    return beats.flatMap((beat, index) => {
      if (beat.cost <= most) return [];
      const [before, after] = [beats[index - 1], beats[index + 1]];
      const began = before && before.cost > most ? beat.from : before?.to;
      return { from: began ?? from, to: after?.from ?? to };
    });
  }

  stop(): void {
    this.#metronome.stdin.end();
  }
}
