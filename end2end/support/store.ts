import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, mosaic } from './paths.js';

const run = promisify(execFile);

/** Which of the two stores a server gets. */
export type StoreKind = 'sqlite' | 'postgres';

/** A database with the demo people in it, for one test. */
export interface Store {
  readonly url: string;
  /** Runs one SELECT with the database's own command line and returns its rows as text, columns parted by `|`. */
  select(sql: string): Promise<string[]>;
  /** Changes rows behind the server's back: to make messages older than they can be written. */
  execute(sql: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Seeds each kind of database once and hands out copies, so that every test starts with the same people and
 * without a conversation, and hashes no passwords for it.
 */
export class Stores {
  #sqlite: Promise<string> | undefined;
  #postgres: Promise<string> | undefined;
  #copies = 0;
  readonly #worker: string;

  constructor(worker: number) {
    this.#worker = `mosaic_e2e_${process.pid}_${worker}`;
  }

  async create(kind: StoreKind): Promise<Store> {
    this.#copies += 1;
    return kind === 'sqlite' ? this.#createSqlite() : this.#createPostgres();
  }

  async remove(): Promise<void> {
    if (this.#sqlite) await rm(await this.#sqlite, { recursive: true, force: true });
    if (this.#postgres) await admin(`DROP DATABASE IF EXISTS ${await this.#postgres} WITH (FORCE)`);
  }

  async #createSqlite(): Promise<Store> {
    this.#sqlite ??= (async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mosaic-e2e-seed-'));
      await seed(`sqlite://${folder}/mosaic.db`);
      return folder;
    })();
    const seeded = await this.#sqlite;
    const folder = await mkdtemp(join(tmpdir(), 'mosaic-e2e-'));
    // With its write-ahead log, if the seeding process left one.
    for (const name of await readdir(seeded)) await cp(join(seeded, name), join(folder, name));
    const path = join(folder, 'mosaic.db');
    return {
      url: `sqlite://${path}`,
      select: async (sql) => lines((await run('sqlite3', ['-readonly', path, sql])).stdout),
      execute: async (sql) => void (await run('sqlite3', ['-cmd', '.timeout 5000', path, sql])),
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  }

  async #createPostgres(): Promise<Store> {
    this.#postgres ??= (async () => {
      const name = `${this.#worker}_seed`;
      await admin(`CREATE DATABASE ${name}`);
      await seed(database(name));
      return name;
    })();
    const name = `${this.#worker}_${this.#copies}`;
    await admin(`CREATE DATABASE ${name} TEMPLATE ${await this.#postgres}`);
    const url = database(name);
    return {
      url,
      select: async (sql) => lines((await run('psql', [url, '-v', 'ON_ERROR_STOP=1', '-XAtc', sql])).stdout),
      execute: async (sql) => void (await run('psql', [url, '-v', 'ON_ERROR_STOP=1', '-Xqc', sql])),
      remove: () => admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    };
  }
}

/** The value of a variable that a test cannot do without. Missing is a failure, never a reason to skip. */
export function required(name: 'E2E_DATABASE_URL' | 'E2E_REDIS_URL'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the suite with make e2e`);
  return value;
}

function database(name: string): string {
  const url = new URL(required('E2E_DATABASE_URL'));
  url.pathname = `/${name}`;
  return url.href;
}

async function admin(sql: string): Promise<void> {
  await run('psql', [required('E2E_DATABASE_URL'), '-v', 'ON_ERROR_STOP=1', '-Xqc', sql]);
}

async function seed(url: string): Promise<void> {
  await run(mosaic(), ['seed', '--demo'], { cwd: root, env: { ...bare(), DATABASE_URL: url } });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The environment without any setting of Mosaic, so that a developer's own settings decide nothing here. */
export function bare(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(DATABASE_URL|REDIS_URL|MOSAIC_.*|LEPTOS_.*)$/.test(name)),
  );
}
