import { expect, type Locator, type Page } from '@playwright/test';

/** What an own bubble says about its message. */
export type State = 'Sending' | 'Sent' | 'Delivered' | 'Read' | 'Not sent';

const STATE = /^\W*(Sending|Sent|Delivered|Read|Not sent)\W*$/;

/** How far from the end still counts as being there, in CSS pixels. */
const BOTTOM = 96;

/** The panel of one conversation. */
export class ChatPanel {
  readonly root: Locator;
  readonly log: Locator;
  readonly bubbles: Locator;
  readonly composer: Locator;
  readonly sendButton: Locator;
  readonly closeButton: Locator;
  readonly typing: Locator;
  readonly suggestions: Locator;
  /** The way to the end: it counts what came there, far up. */
  readonly jump: Locator;
  /** The line that says to a screen reader what came in. */
  readonly announcer: Locator;
  /** The day that floats over the list. It is for the eye only, so it has neither role nor text. */
  readonly dayChip: Locator;

  constructor(
    readonly page: Page,
    readonly peer: string,
  ) {
    const named = { name: `Chat with ${peer}`, exact: true };
    this.root = page.getByRole('region', named).or(page.getByRole('dialog', named));
    this.log = this.root.getByRole('log', { name: `Messages with ${peer}`, exact: true });
    this.bubbles = this.log.getByRole('listitem').and(page.locator('[data-direction]'));
    this.composer = this.root.getByRole('textbox', { name: `Message ${peer}`, exact: true });
    this.sendButton = this.root.getByRole('button', { name: 'Send', exact: true });
    this.closeButton = this.root.getByRole('button', { name: 'Close chat', exact: true });
    this.typing = this.root.getByText(`${peer} is typing`);
    this.suggestions = this.root.getByRole('list', { name: 'Suggestions' });
    this.jump = this.root.getByRole('button', { name: /^(\d+ new|Jump to latest)$/ });
    this.announcer = this.root.locator('p.visually-hidden[aria-live]');
    this.dayChip = this.root.locator('.chat-panel__day');
  }

  /** Open, and the first page of the history is there. */
  async expectReady(): Promise<void> {
    await expect(this.composer).toBeVisible();
    await expect(this.root.locator('[aria-busy="true"]')).toHaveCount(0);
  }

  bubble(text: string): Locator {
    return this.bubbles.filter({ hasText: text });
  }

  /** The strip that tells of trouble with the connection. */
  status(text: 'Offline' | 'Reconnecting' | RegExp): Locator {
    const begin = typeof text === 'string' ? new RegExp(`^\\s*${text}`) : text;
    return this.root.getByRole('status').filter({ hasText: begin });
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
  }

  /** Writes and sends by the keyboard; the bubble is there when this returns. */
  async send(text: string): Promise<void> {
    await this.write(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
    await expect(this.bubble(text)).toHaveAttribute('data-direction', 'sent');
  }

  /** The bubble's own message has got so far, or further where several states are given. */
  async expectState(text: string, ...states: State[]): Promise<void> {
    await expect(this.bubble(text).getByText(STATE)).toHaveText(new RegExp(`^\\W*(${states.join('|')})\\W*$`));
  }

  /** Exactly these messages, in this order. */
  async expectMessages(texts: readonly string[]): Promise<void> {
    await expect(this.bubbles).toContainText([...texts]);
    await expect(this.bubbles).toHaveCount(texts.length);
  }

  /** Every bubble is stored, and the numbers are 1, 2, 3 … */
  async expectDense(count: number): Promise<void> {
    const wanted = Array.from({ length: count }, (_, index) => String(index + 1));
    await expect.poll(() => this.seqs()).toEqual(wanted);
  }

  /** The numbers of the bubbles, `null` for one that is not stored. */
  async seqs(): Promise<(string | null)[]> {
    return this.bubbles.evaluateAll((bubbles) => bubbles.map((bubble) => bubble.getAttribute('data-seq')));
  }

  /** Marks the element of a bubble, to be recognised by {@link expectMark}. */
  async mark(text: string, mark: string): Promise<void> {
    await this.bubble(text).evaluate((element, value) => Object.assign(element, { mark: value }), mark);
  }

  /** The bubble is the very element that was marked, not one that took its place. */
  async expectMark(text: string, mark: string): Promise<void> {
    const found = await this.bubble(text).evaluate((element) => (element as Element & { mark?: string }).mark);
    expect(found, `the element of “${text}” is the same`).toBe(mark);
  }

  /** From now on notes every bubble that is taken out of the list, if only for a moment. */
  async watchBubbles(): Promise<void> {
    await this.log.evaluate((log) => {
      const lost: string[] = [];
      Object.assign(log, { lost });
      new MutationObserver((records) => {
        for (const node of records.flatMap((record) => [...record.removedNodes])) {
          const isBubble = node instanceof Element && (node.matches('[data-direction]') || node.querySelector('[data-direction]'));
          // One that moved is in the document again by now.
          if (isBubble && !node.isConnected) lost.push(node.textContent ?? '');
        }
      }).observe(log, { childList: true, subtree: true });
    });
  }

  /** No bubble was taken out since {@link watchBubbles}, and the list is the same element. */
  async expectNoneLost(): Promise<void> {
    expect(await this.log.evaluate((log) => (log as Element & { lost?: string[] }).lost)).toEqual([]);
  }

  /** From now on notes each day that the floating chip says, and `''` each time that it goes. */
  async watchDays(): Promise<() => Promise<string[]>> {
    await this.dayChip.evaluate((chip) => {
      const days: string[] = [];
      Object.assign(chip, { days });
      const says = () => (chip.hasAttribute('data-shown') ? (chip.getAttribute('data-day') ?? '') : '');
      new MutationObserver(() => {
        if (says() !== (days.at(-1) ?? '')) days.push(says());
      }).observe(chip, { attributes: true });
    });
    return () => this.dayChip.evaluate((chip) => (chip as Element & { days?: string[] }).days ?? []);
  }

  /** From now on notes what is announced. */
  async watchAnnouncements(): Promise<() => Promise<string[]>> {
    await this.announcer.evaluate((announcer) => {
      const said: string[] = [];
      Object.assign(announcer, { said });
      new MutationObserver(() => {
        const words = announcer.textContent ?? '';
        if (words) said.push(words);
      }).observe(announcer, { childList: true, characterData: true, subtree: true });
    });
    return () => this.announcer.evaluate((announcer) => (announcer as Element & { said?: string[] }).said ?? []);
  }

  async expectAtBottom(): Promise<void> {
    await expect.poll(() => this.distanceToBottom()).toBeLessThan(BOTTOM);
  }

  /** How much of the list is below what is seen, in CSS pixels. */
  async distanceToBottom(): Promise<number> {
    return (await this.#scroll()).below;
  }

  /** Turns the wheel over the list until it is at its top. */
  async scrollToTop(): Promise<void> {
    await this.log.hover();
    await expect
      .poll(async () => {
        await this.page.mouse.wheel(0, -2_000);
        return (await this.#scroll()).above;
      })
      .toBe(0);
  }

  /** Turns the wheel over the list by so many pixels. */
  async scrollBy(pixels: number): Promise<void> {
    await this.log.hover();
    await this.page.mouse.wheel(0, pixels);
  }

  /** What is scrolled away above and below. The log may be what scrolls, or hold it, or lie in it. */
  async #scroll(): Promise<{ above: number; below: number }> {
    return this.log.evaluate((log) => {
      const scrolls = (element: Element) => /auto|scroll/.test(getComputedStyle(element).overflowY);
      let around: Element | null = log;
      while (around && !scrolls(around)) around = around.parentElement;
      const inside = scrolls(log) ? log : [...log.querySelectorAll('*')].find(scrolls);
      const element = inside ?? around ?? document.documentElement;
      const above = element.scrollTop;
      return { above, below: element.scrollHeight - element.clientHeight - above };
    });
  }

  /** Types until the other sees it: typing is told only while connected, and never later. */
  async typeUntilSeenBy(other: ChatPanel): Promise<void> {
    await expect(async () => {
      await this.composer.press('a');
      await expect(other.typing).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 15_000 });
  }
}
