import type { CDPSession } from '@playwright/test';
import { type Person, test as base } from '../fixtures.js';
import type { ChatPanel } from '../pages/chat_panel.js';
import { Figures } from './figures.js';
import { fill } from './filled.js';
import { Machine } from './machine.js';
import { middle, quantile } from './quantile.js';
import { type Span, Trace, watch } from './trace.js';

/** How many messages the conversation has. */
const MESSAGES = 10_000;
/** How many times the panel is opened in either way, each on a page of its own. */
const OPENINGS = 5;
/** How many times everything else is measured. Of times the middle one counts, of tasks that are too long the most. */
const ROUNDS = 3;
/** By how much the page's thread is slowed down where tasks are measured. */
const SLOWER = 4;
/** Longer than this a task keeps the page from answering, in milliseconds. */
const LONG_TASK = 50;
/** The machine may stall for so much of the time, in per cent: more says that nothing can be measured there. */
const MOST_STALLED = 20;

const test = base.extend<{ machine: Machine }>({
  machine: async ({}, use) => {
    const machine = new Machine();
    await use(machine);
    machine.stop();
  },
});

test.use({ ownServer: true, storeKind: 'sqlite' });

test(`a conversation of ${MESSAGES} messages`, async ({ ada, grace, stack, browser, machine }) => {
  const figures = new Figures();
  await fill(stack.store, ada.id, grace.id, MESSAGES);
  await watch(ada.page);
  const panel = ada.panel(grace);
  const { page } = ada;
  const client = await ada.context.newCDPSession(page);

  // A hand that comes to the button leaves the page the time to fetch what it shows; a click as soon as the page is
  // connected, without a pointer that came before, is the worst that can happen.
  for (const [how, isHovered] of [['', true], [', from nowhere', false]] as const) {
    const opened: Trace[] = [];
    for (let time = 0; time < OPENINGS; time++) {
      // Looking for the messages would be work of the page's thread: their answer tells that they are coming.
      const answered = page.waitForResponse(/\/messages\/history\//);
      await ada.goto(`/?profile=${grace.id}`);
      await ada.expectLive();
      const button = ada.matches.message(grace.name);
      if (isHovered) {
        await button.hover();
        await answered;
        await painted(ada);
      }
      const opening = await Trace.of(browser, page, machine, async () => {
        await button.click();
        await answered;
        await painted(ada);
        await panel.bubbles.last().waitFor();
      });
      opened.push(figures.keep(`opening${how.replaceAll(/\W+/g, '-')}-${time + 1}`, opening));
    }
    for (const [what, mark] of [['panel', 'panel'], ['messages', 'row']] as const) {
      const spans = opened.flatMap((trace) => trace.untilPainted('click', mark));
      const took = spans.map(({ wall }) => wall);
      const measured = spans.map(({ measured: { wall } }) => wall);
      figures.add(`click${how} → ${what} painted, median`, 'ms', middle(took));
      figures.add(`click${how} → ${what} painted, longest, with stalls`, 'ms', Math.max(...measured));
      figures.add(`click${how} → ${what} painted, longest`, 'ms', Math.max(...took), 100);
    }
  }

  const walked = await walkUp(panel);
  figures.add(`moved by pages that came in above, most of ${walked.pages}`, 'px', walked.moved, 1);
  figures.add('elements in the panel, most', 'elements', walked.most, 1_500);

  /** Messages arrive at their times, whatever becomes of those before them. */
  const arrive = async (count: number, every: number) => {
    const sent: Promise<unknown>[] = [];
    for await (const number of beats(count, every)) {
      sent.push(stack.api.send(grace.account, ada.account, `number ${number} of those that arrive now`));
    }
    await Promise.all(sent);
  };
  // What came before has left much behind: to collect that is no part of what follows.
  const collectGarbage = () => client.send('HeapProfiler.collectGarbage');
  const storm = async (where: string) => {
    await collectGarbage();
    await slowDown(client, SLOWER);
    const trace = await Trace.of(browser, page, machine, async () => {
      await arrive(100, 10);
      await painted(ada);
    });
    await slowDown(client, 1);
    const tasks = figures.keep(where.replaceAll(' ', '-'), trace).tasks();
    return {
      wall: Math.max(...tasks.map(({ wall }) => wall)),
      own: Math.max(...tasks.map(({ own }) => own)),
      measured: Math.max(...tasks.map(({ measured: { own } }) => own)),
      tooLong: tasks.filter(({ own }) => own > LONG_TASK).length,
    };
  };
  const storms = async (where: string) => {
    const rounds = [];
    for (let round = 1; round <= ROUNDS; round++) rounds.push(await storm(`${where} ${round}`));
    const what = `100 messages in a second, ${where}, ${SLOWER} × slower`;
    figures.add(`${what}: longest task, wall`, 'ms', middle(rounds.map(({ wall }) => wall)));
    figures.add(`${what}: longest task`, 'ms', middle(rounds.map(({ own }) => own)));
    figures.add(`${what}: longest task of all ${ROUNDS}`, 'ms', Math.max(...rounds.map(({ own }) => own)));
    figures.add(`${what}: the same with stalls`, 'ms', Math.max(...rounds.map(({ measured }) => measured)));
    figures.add(`${what}: tasks over ${LONG_TASK} ms, most`, 'tasks', Math.max(...rounds.map(({ tooLong }) => tooLong)), 0);
  };
  await storms('far up');
  await panel.jump.click();
  await panel.expectAtBottom();
  await storms('at the end');

  /** How long it takes from something that happens until what comes of it is painted. */
  const painting = async (
    what: string,
    happened: 'frame' | 'enter',
    happens: () => Promise<void>,
    bound: number,
  ) => {
    const rounds: Span[][] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await collectGarbage();
      const trace = await Trace.of(browser, page, machine, async () => {
        await happens();
        await painted(ada);
      });
      rounds.push(figures.keep(`${happened}-${round}`, trace).untilPainted(happened, 'row'));
    }
    const of = (share: number, time: (span: Span) => number) =>
      middle(rounds.map((spans) => quantile(spans.map(time), share)));
    figures.add(`${what}, median`, 'ms', of(0.5, ({ own }) => own));
    figures.add(`${what}, p99, wall`, 'ms', of(0.99, ({ wall }) => wall));
    figures.add(`${what}, p99, with stalls`, 'ms', of(0.99, ({ measured }) => measured.own));
    figures.add(`${what}, p99`, 'ms', of(0.99, ({ own }) => own), bound);
  };
  await painting('frame received → bubble painted', 'frame', () => arrive(100, 60), 8);
  // Nothing looks for the bubble here either.
  const write = async () => {
    for await (const number of beats(100, 100)) {
      await panel.write(`own message ${number}.`);
      await page.keyboard.press('Enter');
    }
  };
  await painting('Enter → own bubble painted', 'enter', write, 16);

  figures.add('the machine stalled, of the time that the page was at work', '%', figures.stalled('busy'));
  figures.add('the machine stalled, of all the time', '%', figures.stalled('traced'), MOST_STALLED);
  await figures.report({ messages: MESSAGES, browser: browser.version(), slower: SLOWER, at: new Date().toISOString() });
});

/** Counts up to a number, one every so many milliseconds. */
async function* beats(count: number, every: number): AsyncGenerator<number> {
  const begun = performance.now();
  for (let number = 0; number < count; number++) {
    const wait = begun + number * every - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    yield number;
  }
}

async function slowDown(client: CDPSession, rate: number): Promise<void> {
  await client.send('Emulation.setCPUThrottlingRate', { rate });
}

/** What the page has to do by now is done, and painted. */
async function painted({ page }: Person): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await new Promise((done) => requestIdleCallback(done));
  });
}

/**
 * Goes up through the whole history. By how much the first visible message moved on the screen while older ones came
 * in above it, in any frame that was painted; and how many elements the panel had.
 */
async function walkUp(panel: ChatPanel): Promise<{ pages: number; moved: number; most: number }> {
  return panel.log.evaluate(async (log) => {
    const root = log.closest('.chat-panel') ?? log;
    const first = () => Number(log.querySelector('[data-seq]')?.getAttribute('data-seq'));
    const frame = () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)));
    const walked = { pages: 0, moved: 0, most: 0 };
    while (first() > 1) {
      const before = first();
      log.dispatchEvent(new WheelEvent('wheel', { deltaY: -1, bubbles: true }));
      log.scrollTop = Math.min(log.scrollTop, 40);
      const edge = log.getBoundingClientRect().top;
      const row = [...log.querySelectorAll('[data-direction]')].find((row) => row.getBoundingClientRect().bottom > edge);
      if (!row) throw new Error('no message is in view');
      const { top } = row.getBoundingClientRect();
      const given = performance.now() + 10_000;
      for (let settled = 0; settled < 2; ) {
        await frame();
        if (performance.now() > given) throw new Error(`nothing came in above ${before}`);
        // A message that is taken out of the list has lost its place altogether.
        const moved = row.isConnected ? Math.abs(row.getBoundingClientRect().top - top) : Infinity;
        walked.moved = Math.max(walked.moved, moved);
        walked.most = Math.max(walked.most, root.querySelectorAll('*').length);
        if (first() < before) settled += 1;
      }
      walked.pages += 1;
    }
    return walked;
  });
}
