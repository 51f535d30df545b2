import { defineConfig } from '@playwright/test';
import tests from './playwright.config.js';

/** Not a test of anything: a picture of each state, for `make screenshots`. */
export default defineConfig({ ...tests, testDir: 'screenshots', fullyParallel: true, timeout: 180_000 });
