import type { BrowserContextOptions } from '@playwright/test';

/** Below 720 px, with a coarse pointer. */
export const PHONE = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
} as const satisfies BrowserContextOptions;
