import { expect, type Locator, type Page } from '@playwright/test';
import { expectUnread } from './words.js';

/** The list of conversations. */
export class InboxPage {
  readonly list: Locator;
  readonly items: Locator;

  constructor(page: Page) {
    this.list = page.getByRole('list', { name: 'Conversations' });
    this.items = this.list.getByRole('listitem');
  }

  item(name: string): Locator {
    return this.items.filter({ hasText: name });
  }

  /** The one link or button of an item. */
  entry(name: string): Locator {
    const item = this.item(name);
    return item.getByRole('link').or(item.getByRole('button'));
  }

  /** Exactly these people, from the top. */
  async expectOrder(names: readonly string[]): Promise<void> {
    await expect(this.items).toContainText([...names]);
    await expect(this.items).toHaveCount(names.length);
  }

  async expectUnread(name: string, count: number | '99+'): Promise<void> {
    await expectUnread(this.item(name), count);
  }
}
