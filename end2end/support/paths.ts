import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What cargo-leptos made of the front end. */
export const site = resolve(root, 'target/site');

/**
 * The server that was built last: release after `make build`, debug after `cargo leptos end-to-end`. Last,
 * because both builds write to the same site folder, and the two have to fit each other.
 */
export function mosaic(): string {
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
  const built = ['release/mosaic', 'debug/mosaic']
    .map((path) => resolve(target, path))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (process.env.E2E_MOSAIC) return resolve(root, process.env.E2E_MOSAIC);
  if (!built[0]) throw new Error(`no server in ${target}: run make build`);
  return built[0];
}
