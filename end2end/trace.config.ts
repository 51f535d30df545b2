import { defineConfig } from '@playwright/test';
import tests from './playwright.config.js';

/** What the app costs in the browser, measured by the browser's own trace, for `make trace`. One after the other. */
export default defineConfig({ ...tests, testDir: 'trace', workers: 1, timeout: 300_000, globalSetup: [] });
