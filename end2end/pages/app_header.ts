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
}
