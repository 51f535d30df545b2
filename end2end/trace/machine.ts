import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../support/paths.js';
import { middle } from './quantile.js';

/** One beat of the metronome, in microseconds of the trace's clock; `cost` is its process's processor time. */
interface Beat {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
}

/** A part of the trace's clock, in microseconds, in which the machine was slow. */
export interface Stall {
  readonly from: number;
  readonly to: number;
  /** How much of what it does otherwise the machine did: 1 would be all. */
  readonly pace: number;
}

/** A beat that costs so many times what beats cost otherwise was played by a machine that stalled. */
const DEARER = 2;

/**
 * What the machine itself did meanwhile. One that is shared with others may do everything ten times slower for some
 * tens of milliseconds, and counts that as processor time of whoever runs: how long a task took then says little about
 * the task. A metronome, which is a process that does the same over and over, shows when that was, and by how much.
 */
export class Machine {
  readonly #metronome = spawn(process.execPath, [join(root, 'end2end/trace/metronome.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  readonly #lines = createInterface(this.#metronome.stdout);
  readonly #ended = new AbortController();
  readonly #beats: Beat[] = [];

  constructor() {
    this.#metronome.once('exit', () => this.#ended.abort(new Error('the metronome stopped')));
    this.#lines.on('line', (line) => {
      const [from = NaN, to = NaN, cost = NaN] = line.split(' ').map(Number);
      this.#beats.push({ from, to, cost });
    });
  }

  /** When the machine stalled between two times of the trace: each from the last beat in time to the next. */
  async stalls(from: number, to: number): Promise<Stall[]> {
    while ((this.#beats.at(-1)?.from ?? 0) <= to) await once(this.#lines, 'line', { signal: this.#ended.signal });
    const usual = middle(this.#beats.map(({ cost }) => cost));
    const beats = this.#beats.filter((beat) => beat.to > from && beat.from < to);
    if (beats.length === 0) throw new Error('the metronome and the trace go by different clocks');
    return beats.flatMap((beat, index) => {
      if (beat.cost <= DEARER * usual) return [];
      const [before, after] = [beats[index - 1], beats[index + 1]];
      const began = before && before.cost > DEARER * usual ? beat.from : before?.to;
      return { from: began ?? from, to: after?.from ?? to, pace: usual / beat.cost };
    });
  }

  stop(): void {
    this.#metronome.stdin.end();
  }
}
