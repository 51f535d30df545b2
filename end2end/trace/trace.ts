import type { Browser, Page } from '@playwright/test';
import type { Machine, Stall } from './machine.js';

/** One event of Chromium's trace; times are in microseconds, of one clock and of the thread's own. */
interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tts?: number;
  readonly tdur?: number;
}

/**
 * How long a thread was at something, in milliseconds: by the clock of the wall, and by its own, which stands still
 * while the thread waits and while another process has its processor. Both at the machine's usual pace: of the time in
 * which it stalled only so much counts as it would have taken otherwise.
 */
export interface Span {
  readonly wall: number;
  readonly own: number;
  /** The same as the clocks said, stalls and all. */
  readonly measured: { readonly wall: number; readonly own: number };
}

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'blink.user_timing'];

/** The marks that {@link watch} sets: what happened, and what came into the document. */
export type Mark = 'click' | 'enter' | 'frame' | 'panel' | 'row';

/** From now on every page of a tab sets a mark for what can be waited for, the moment that its script sees it. */
export async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL) {
        super(url);
        this.addEventListener('message', ({ data }) => {
          if (String(data).startsWith('{"type":"message"')) performance.mark('frame');
        });
      }
    };
    addEventListener('click', () => performance.mark('click'), true);
    addEventListener('keydown', ({ key }) => key === 'Enter' && performance.mark('enter'), true);
    new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue;
          if (node.hasAttribute('data-direction')) performance.mark('row');
          else if (node.classList.contains('chat-panel')) performance.mark('panel');
        }
      }
    }).observe(document, { childList: true, subtree: true });
  });
}

/** What the thread that a page runs on did while it was traced. */
export class Trace {
  /** `raw` is what the browser wrote: `chrome://tracing` and ui.perfetto.dev show it. */
  private constructor(
    readonly events: readonly TraceEvent[],
    readonly stalls: readonly Stall[],
    readonly raw: Buffer,
  ) {}

  /** Traces a page while something happens that sets a mark: by that its thread is told from others. */
  static async of(browser: Browser, page: Page, machine: Machine, happens: () => Promise<void>): Promise<Trace> {
    await browser.startTracing(page, { categories: CATEGORIES });
    let raw: Buffer;
    try {
      await happens();
    } finally {
      raw = await browser.stopTracing();
    }
    const { traceEvents } = JSON.parse(raw.toString()) as { traceEvents: TraceEvent[] };
    const mark = traceEvents.find(({ cat, name }) => cat === 'blink.user_timing' && /^(click|enter|frame)$/.test(name));
    if (!mark) throw new Error('the page set no mark');
    // What describes the thread itself has no time.
    const own = traceEvents.filter(({ pid, tid, ts }) => pid === mark.pid && tid === mark.tid && ts > 0);
    own.sort((a, b) => a.ts - b.ts);
    const stalls = await machine.stalls(own[0]?.ts ?? NaN, own.at(-1)?.ts ?? NaN);
    return new Trace(own, stalls, raw);
  }

  /** How long was traced, and for how much of it the machine stalled, in milliseconds. */
  traced(): { time: number; stalled: number } {
    const stalled = this.stalls.reduce((sum, { from, to }) => sum + to - from, 0);
    return { time: ((this.events.at(-1)?.ts ?? NaN) - (this.events[0]?.ts ?? NaN)) / 1_000, stalled: stalled / 1_000 };
  }

  /** How long the thread was in tasks, and for how much of that the machine stalled, in milliseconds. */
  busy(): { time: number; stalled: number } {
    const tasks = this.#all('RunTask');
    const time = tasks.reduce((sum, { dur = 0 }) => sum + dur, 0);
    const stalled = tasks.reduce((sum, { ts, dur = 0 }) => sum + this.#stalled(ts, ts + dur, () => 1), 0);
    return { time: time / 1_000, stalled: stalled / 1_000 };
  }

  /** How long each task took. */
  tasks(): Span[] {
    return this.#all('RunTask').map(({ ts, dur = 0, tdur = 0 }) => this.#span(ts, ts + dur, tdur));
  }

  /**
   * For each time that something happened: how long it took until what came of it was painted.
   * Painted is when the thread has handed the frame over to be drawn, which it does 60 times a second at most: the
   * time that it did nothing but wait for that is left out.
   */
  untilPainted(happened: Mark, came: Mark): Span[] {
    return this.#all(happened).map(({ ts, tts = NaN }) => {
      const seen = this.#all(came).find((event) => event.ts >= ts);
      const commit = seen && this.#all('Commit').find((event) => event.ts >= seen.ts);
      if (!commit) throw new Error(`nothing painted after ${happened}`);
      const { dur = 0, tdur = 0 } = commit;
      return this.#span(ts, commit.ts + dur, (commit.tts ?? NaN) + tdur - tts);
    });
  }

  /** What the thread did from one time to another, which took `own` of its own clock; all in microseconds. */
  #span(from: number, to: number, own: number): Span {
    const tasks = this.#all('RunTask').filter(({ ts, dur = 0 }) => ts < to && ts + dur > from);
    const inside = tasks.map(({ ts, dur = 0 }) => [Math.max(ts, from), Math.min(ts + dur, to)] as const);
    const wall = inside.reduce((sum, [from, to]) => sum + to - from, 0);
    const lost = inside.reduce((sum, [from, to]) => sum + this.#stalled(from, to, ({ pace }) => 1 - pace), 0);
    const kept = wall > 0 ? 1 - lost / wall : 1;
    return {
      wall: (wall * kept) / 1_000,
      own: (own * kept) / 1_000,
      measured: { wall: wall / 1_000, own: own / 1_000 },
    };
  }

  /** For how long the machine stalled from one time to another, each stall by a weight; all in microseconds. */
  #stalled(from: number, to: number, weight: (stall: Stall) => number): number {
    return this.stalls.reduce((sum, stall) => {
      const both = Math.min(stall.to, to) - Math.max(stall.from, from);
      return both > 0 ? sum + both * weight(stall) : sum;
    }, 0);
  }

  /** All events of a name, or all times that a mark was set. */
  #all(name: string): readonly TraceEvent[] {
    return this.events.filter((event) => event.name === name);
  }
}
