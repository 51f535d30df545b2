import { expect, type Locator, type Page } from '@playwright/test';

/** Where an element is, in CSS pixels, once it has stopped moving. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The element's box when two looks some frames apart agree. */
export async function settledBox(element: Locator): Promise<Box> {
  let before = await box(element);
  for (;;) {
    await element.page().evaluate(() => new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 50)));
    const now = await box(element);
    if (now.x === before.x && now.y === before.y && now.width === before.width && now.height === before.height) return now;
    before = now;
  }
}

async function box(element: Locator): Promise<Box> {
  const found = await element.boundingBox();
  if (!found) throw new Error('the element is not shown');
  return found;
}

/** Nothing of the page sticks out to the side. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth))
    .toBeLessThanOrEqual(0);
}
