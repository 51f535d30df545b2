import type { Browser, Page } from '@playwright/test';

/** One event of Chromium's trace; times are in microseconds of one clock. */
interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
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
  private constructor(readonly events: readonly TraceEvent[]) {}

  /** Traces a page while something happens that sets a mark: by that its thread is told from others. */
  static async of(browser: Browser, page: Page, happens: () => Promise<void>): Promise<Trace> {
    await browser.startTracing(page, { categories: CATEGORIES });
    let text: Buffer;
    try {
      await happens();
    } finally {
      text = await browser.stopTracing();
    }
    const { traceEvents } = JSON.parse(text.toString()) as { traceEvents: TraceEvent[] };
    const mark = traceEvents.find(({ cat, name }) => cat === 'blink.user_timing' && /^(click|enter|frame)$/.test(name));
    if (!mark) throw new Error('the page set no mark');
    const own = traceEvents.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid);
    return new Trace(own.sort((a, b) => a.ts - b.ts));
  }

  /** How long each task took, in milliseconds. */
  tasks(): number[] {
    return this.events.filter(({ name }) => name === 'RunTask').map(({ dur = 0 }) => dur / 1_000);
  }

  /**
   * For each time that something happened: how long it took until what came of it was painted, in milliseconds.
   * Painted is when the thread has handed the frame over to be drawn, which it does 60 times a second at most: the
   * time that it did nothing but wait for that is left out.
   */
  untilPainted(happened: Mark, came: Mark): number[] {
    const begun = this.events.filter(({ cat, name }) => cat === 'blink.user_timing' && name === happened);
    return begun.map(({ ts }) => {
      const seen = this.events.find((event) => event.cat === 'blink.user_timing' && event.name === came && event.ts >= ts);
      const commit = seen && this.events.find((event) => event.name === 'Commit' && event.ts >= seen.ts);
      if (!commit) throw new Error(`nothing painted after ${happened}`);
      return this.#busy(ts, commit.ts + (commit.dur ?? 0));
    });
  }

  /** How much of a span the thread was in a task, in milliseconds. */
  #busy(from: number, to: number): number {
    const tasks = this.events.filter(({ name, ts, dur = 0 }) => name === 'RunTask' && ts < to && ts + dur > from);
    const inside = tasks.map(({ ts, dur = 0 }) => Math.min(ts + dur, to) - Math.max(ts, from));
    return inside.reduce((sum, span) => sum + span, 0) / 1_000;
  }
}

/** The value that so much of all are not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}
