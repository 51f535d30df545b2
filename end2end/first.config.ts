import { defineConfig } from '@playwright/test';
import tests from './playwright.config.js';

/** Not a test of anything: which functions a first visit runs, for `make first`. */
export default defineConfig({ ...tests, testDir: 'first' });
