import type { BrowserContext } from '@playwright/test';

/** What a browser says in the console when it cannot reach the server: for tests that take the server away. */
export const NETWORK = /net::ERR_|WebSocket connection to|Failed to load resource/;

/**
 * Everything that a page complains of: errors and warnings in the console (panics of the WASM part, hydration
 * warnings, violations of the content security policy, missing files) and exceptions that nobody caught.
 */
export class Complaints {
  readonly #heard: string[] = [];
  readonly #allowed: RegExp[] = [];

  /** This test provokes such complaints. */
  allow(pattern: RegExp): void {
    this.#allowed.push(pattern);
  }

  listen(context: BrowserContext, who: string): void {
    context.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const { url } = message.location();
      this.#heard.push(`${who}: console ${message.type()}: ${message.text()} (${url})`);
    });
    context.on('weberror', (error) => this.#heard.push(`${who}: not caught: ${error.error().message}`));
  }

  get unexpected(): string[] {
    return this.#heard.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
  }
}
