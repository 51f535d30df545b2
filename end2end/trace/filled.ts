import type { Store } from '../support/store.js';

/** From one message to the next, in seconds: five months in 10 000 messages, some hundred a day. */
const EVERY = 1_300;

/** A conversation with so many messages, written in turns of five and read by both, put straight into an SQLite store. */
export async function fill(store: Store, one: string, other: string, count: number): Promise<void> {
  // The order of ids is that of their bytes, which is that of their text.
  const [lo, hi] = [one, other].sort().map((id) => `x'${id.replaceAll('-', '')}'`);
  const micros = (seconds: string) => `(unixepoch() - ${seconds}) * 1000000`;
  await store.execute(`
    BEGIN IMMEDIATE;
    INSERT INTO messages (id, client_id, sender_id, receiver_id, content, created_at, seq, from_lo)
      WITH RECURSIVE numbered (n, by_lo) AS (
        SELECT 1, 1 UNION ALL SELECT n + 1, n / 5 % 2 = 0 FROM numbered WHERE n < ${count}
      )
      SELECT randomblob(16), randomblob(16), iif(by_lo, ${lo}, ${hi}), iif(by_lo, ${hi}, ${lo}),
             'message ' || n || substr(': ' || replace(hex(zeroblob(20)), '00', 'many words '), 1, n * 37 % 200)
               || iif(n % 9, '', ' https://example.org/' || n),
             ${micros(`(${count} - n) * ${EVERY}`)}, n, sum(by_lo) OVER (ORDER BY n)
      FROM numbered;
    INSERT INTO conversations (user_lo, user_hi, last_seq, from_lo, last_message_at, changed_at,
                               lo_read_seq, hi_read_seq, lo_delivered_seq, hi_delivered_seq)
      SELECT ${lo}, ${hi}, ${count}, max(from_lo), max(created_at), max(created_at), ${count}, ${count}, ${count}, ${count}
      FROM messages;
    COMMIT;`);
}
