import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root } from './paths.js';

/**
 * Before the first test: the private PostgreSQL and Redis of `scripts/services.sh`, unless the caller has
 * given some. They stop when this process lets go of their input, so they cannot outlive it.
 */
export default async function services(): Promise<(() => Promise<void>) | void> {
  if (process.env.E2E_DATABASE_URL && process.env.E2E_REDIS_URL) return;

  const child = spawn(`${root}/scripts/services.sh`, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let ready = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') {
      ready = true;
      break;
    }
    const [name = '', ...value] = line.split('=');
    process.env[name] = value.join('=');
  }
  if (!ready) throw new Error('no private PostgreSQL and Redis: run scripts/setup.sh test');

  return async () => {
    child.stdin.end();
    await ended;
  };
}
