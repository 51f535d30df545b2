import type { Page } from '@playwright/test';

/** Waits until the page answers to clicks: before that they are lost. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('html[data-hydrated="true"]').waitFor({ state: 'attached' });
}

/** The page's own code breaks when the next panel opens: the browser then lacks what the panel is made with. */
export async function breakNextPanel(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.ResizeObserver = class {
      constructor() {
        throw new Error('broken on purpose');
      }
    } as unknown as typeof ResizeObserver;
  });
}
