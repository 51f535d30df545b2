import type { Locator, Page } from '@playwright/test';
import { expectUnread } from './words.js';

/** What every page has at its top, and what appears over every page. */
export class AppHeader {
  readonly messages: Locator;
  readonly logOut: Locator;
  /** The button that opens the settings, and the menu. */
  readonly settingsButton: Locator;
  readonly settings: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    const banner = page.getByRole('banner');
    this.#page = page;
    this.messages = banner
      .getByRole('link', { name: /^Messages/ })
      .or(banner.getByRole('button', { name: /^Messages/ }));
    this.logOut = banner.getByRole('button', { name: 'Log out' });
    this.settingsButton = banner.getByRole('button', { name: 'Settings', exact: true });
    this.settings = page.getByRole('dialog', { name: 'Settings' });
  }

  /** The toast about somebody's messages. */
  toast(name: string): Locator {
    return this.#page
      .getByRole('status')
      .filter({ hasText: name })
      .filter({ has: this.#page.getByRole('button', { name: 'Open', exact: true }) });
  }

  async expectUnread(count: number | '99+'): Promise<void> {
    await expectUnread(this.messages, count);
  }

  /** From now on every page of this browser keeps the text of each toast of somebody. */
  async rememberToasts(name: string): Promise<void> {
    await this.#page.context().addInitScript((name) => {
      const toasts: string[] = [];
      Object.assign(window, { toasts });
      const look = () => {
        for (const status of document.querySelectorAll('[role="status"], output')) {
          const opens = [...status.querySelectorAll('button')].some((button) => button.textContent?.trim() === 'Open');
          if (opens && status.textContent?.includes(name)) toasts.push(status.textContent);
        }
      };
      new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    }, name);
  }

  /** What the toasts on this page said, since it was loaded. */
  toastsSoFar(): Promise<string[]> {
    return this.#page.evaluate(() => (window as unknown as { toasts: string[] }).toasts);
  }
}
