import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { bare } from './store.js';
import { mosaic, root, site } from './paths.js';

/** What a server is started with. */
export interface ServerOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
}

/** One `mosaic serve` process on a port of its own, which it keeps over restarts. */
export class Server {
  #process: ChildProcess | undefined;
  #log: string[] = [];

  private constructor(
    readonly port: number,
    readonly options: ServerOptions,
  ) {}

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The last lines that the process wrote, for the report of a failed test. */
  get log(): string {
    return this.#log.join('').split('\n').slice(-200).join('\n');
  }

  static async start(options: ServerOptions): Promise<Server> {
    const server = new Server(await freePort(), options);
    await server.start();
    return server;
  }

  /** Starts the process and waits until it is ready. */
  async start(): Promise<void> {
    const child = spawn(mosaic(), ['serve'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...bare(),
        DATABASE_URL: this.options.databaseUrl,
        ...(this.options.redisUrl ? { REDIS_URL: this.options.redisUrl } : {}),
        LEPTOS_OUTPUT_NAME: 'mosaic',
        LEPTOS_HASH_FILES: 'true',
        LEPTOS_SITE_ADDR: `127.0.0.1:${this.port}`,
        LEPTOS_SITE_ROOT: site,
        MOSAIC_PUBLIC_ORIGIN: this.origin,
        MOSAIC_RATE_LIMIT: 'off',
      },
    });
    this.#process = child;
    child.stdout.on('data', (text: Buffer) => this.#log.push(text.toString()));
    child.stderr.on('data', (text: Buffer) => this.#log.push(text.toString()));
    // A worker that dies takes its servers with it.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('close', () => process.off('exit', kill));
    await this.#ready(child);
  }

  /** Asks the process to end, as a deploy does, and waits until it has. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Takes the process away without a word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await closed;
    clearTimeout(late);
  }

  async #ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`mosaic serve ended with ${child.exitCode}:\n${this.log}`);
      if (await answers(`${this.origin}/readyz`)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.kill();
    throw new Error(`mosaic serve is not ready after 20 s:\n${this.log}`);
  }
}

/** Waits for a server that somebody else starts. */
export async function answering(origin: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await answers(`${origin}/healthz`))) {
    if (Date.now() > deadline) throw new Error(`nothing answers at ${origin}/healthz`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (!address || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
