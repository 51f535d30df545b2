import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from '@playwright/test';
import { PHONE } from '../support/devices.js';
import { root } from '../support/paths.js';

const desktop = { viewport: { width: 1200, height: 800 } };

/**
 * The three ways in which each state is shown, and the languages in which a few are. Without motion, so that
 * nothing is caught half-way.
 */
export const looks = {
  light: { ...desktop, colorScheme: 'light', reducedMotion: 'reduce' },
  dark: { ...desktop, colorScheme: 'dark', reducedMotion: 'reduce' },
  phone: { ...PHONE, deviceScaleFactor: 1, colorScheme: 'light', reducedMotion: 'reduce' },
  german: { ...desktop, locale: 'de-DE', colorScheme: 'light', reducedMotion: 'reduce' },
  hebrew: { ...desktop, locale: 'he-IL', colorScheme: 'light', reducedMotion: 'reduce' },
} as const satisfies Record<string, BrowserContextOptions>;

/** The pictures of one look: `docs/screenshots/{look}/{state}.webp`. */
export class Album {
  private constructor(readonly folder: string) {}

  /** An empty one: a state that is no longer shown leaves no picture behind. */
  static async empty(look: keyof typeof looks): Promise<Album> {
    const folder = join(root, 'docs/screenshots', look);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new Album(folder);
  }

  /**
   * Takes a picture of what the page shows, once fonts and pictures are there. By the browser's own protocol: of the
   * formats that it writes, Playwright asks only for larger ones.
   */
  async take(page: Page, state: string): Promise<void> {
    await page.evaluate(async () => {
      document.documentElement.style.caretColor = 'transparent';
      await document.fonts.ready;
      await Promise.all([...document.images].filter((image) => image.checkVisibility()).map((image) => image.decode().catch(() => {})));
    });
    const browser = await page.context().newCDPSession(page);
    const { data } = await browser.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    await browser.detach();
    await writeFile(join(this.folder, `${state}.webp`), data, 'base64');
  }
}
