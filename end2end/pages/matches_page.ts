import { expect, type Locator, type Page } from '@playwright/test';
import { expectUnread } from './words.js';

/** The list of matches with its search, and the card of the person that was chosen. */
export class MatchesPage {
  readonly search: Locator;
  readonly list: Locator;
  readonly items: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.search = page.getByRole('searchbox', { name: 'Search matches' });
    this.list = page.getByRole('list', { name: 'Matches' });
    this.items = this.list.getByRole('listitem').filter({ hasText: /\d+% match/ });
  }

  item(name: string): Locator {
    return this.items.filter({ hasText: name });
  }

  /** The link or button of an item that opens the card. */
  entry(name: string): Locator {
    const named = { name: new RegExp(`^${escaped(name)}`) };
    return this.list.getByRole('link', named).or(this.list.getByRole('button', named));
  }

  card(name: string): Locator {
    const named = { name, exact: true };
    return this.#page.getByRole('article', named).or(this.#page.getByRole('region', named));
  }

  /** The button in somebody's card that opens the panel. */
  message(name: string): Locator {
    return this.card(name).getByRole('button', { name: 'Message', exact: true });
  }

  async choose(name: string): Promise<void> {
    await this.entry(name).click();
    await expect(this.card(name)).toBeVisible();
  }

  async expectUnread(name: string, count: number | '99+'): Promise<void> {
    await expectUnread(this.item(name), count);
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
