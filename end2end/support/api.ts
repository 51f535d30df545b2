import { randomUUID } from 'node:crypto';

/** A person as the HTTP interface shows one. */
export interface Profile {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
}

/** A stored message as the HTTP interface shows one. */
export interface Message {
  readonly id: string;
  readonly client_id: string;
  readonly sender_id: string;
  readonly receiver_id: string;
  readonly content: string;
  readonly seq: number;
  readonly created_at: string;
}

/** Somebody who is logged in without a browser. */
export interface Account {
  readonly user: Profile;
  readonly token: string;
}

/** What the suite needs of the HTTP interface, to set a scene without a browser. */
export class Api {
  constructor(readonly origin: string) {}

  logIn(username: string, password: string): Promise<Account> {
    return this.#call<Account>('POST', '/auth/login', undefined, { username, password });
  }

  signUp(username: string, displayName: string, password: string): Promise<Account> {
    return this.#call<Account>('POST', '/auth/signup', undefined, { username, password, display_name: displayName });
  }

  async logOut(account: Account): Promise<void> {
    await this.#call<void>('POST', '/auth/logout', account);
  }

  send(from: Account, to: Account, content: string): Promise<Message> {
    return this.#call<Message>('POST', '/messages/send', from, {
      receiver_id: to.user.id,
      content,
      client_id: randomUUID(),
    });
  }

  /** Everything in a conversation of up to 200 messages. */
  async history(reader: Account, other: Account): Promise<Message[]> {
    const path = `/messages/history/${other.user.id}?after=0&limit=200`;
    return (await this.#call<{ messages: Message[] }>('GET', path, reader)).messages;
  }

  /** How far the reader has read. */
  async readSeq(reader: Account, other: Account): Promise<number> {
    return (await this.#call<{ read_seq: number }>('GET', `/messages/history/${other.user.id}`, reader)).read_seq;
  }

  async #call<T>(method: string, path: string, account?: Account, body?: unknown): Promise<T> {
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        ...(account ? { authorization: `Bearer ${account.token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
