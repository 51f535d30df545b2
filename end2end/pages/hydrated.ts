import type { Page } from '@playwright/test';

/** Waits until the page answers to clicks: before that they are lost. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('html[data-hydrated="true"]').waitFor({ state: 'attached' });
}
