import type { Page, WebSocketRoute } from '@playwright/test';

/** A frame that the page wants to send. */
export interface Frame {
  readonly type: string;
  readonly client_id?: string;
  readonly receiver_id?: string;
  readonly content?: string;
}

/** What becomes of a frame of the page: `pass` sends it on. */
export type Fate = 'pass' | 'swallow' | 'twice' | 'cut-after' | { readonly answer: (frame: Frame) => object };

/** The server's last word on a message: it will not be sent. */
export const REFUSAL: Fate = {
  answer: (frame) => ({
    type: 'error',
    code: 'invalid',
    message: 'This message cannot be sent.',
    retryable: false,
    client_id: frame.client_id,
  }),
};

/**
 * Stands between the page and its socket. Sends over HTTP are held off by the same rule, so that it does not
 * matter which way a page takes. To be called before the page is opened; `fate` is asked for each `send`.
 */
export async function intercept(page: Page, fate: (frame: Frame) => Fate): Promise<void> {
  await page.route('**/messages/send', async (route) => {
    const frame = { type: 'send', ...(route.request().postDataJSON() as object) };
    if (fate(frame) === 'pass') await route.continue();
    else await route.abort();
  });
  await page.routeWebSocket(/\/messages\/ws\//, (socket: WebSocketRoute) => {
    const server = socket.connectToServer();
    let cut = false;
    server.onMessage((message) => {
      if (!cut) socket.send(message);
    });
    socket.onMessage((message) => {
      const frame = JSON.parse(message.toString()) as Frame;
      const decided = frame.type === 'send' ? fate(frame) : 'pass';
      if (decided === 'swallow') return;
      if (typeof decided === 'object') {
        socket.send(JSON.stringify(decided.answer(frame)));
        return;
      }
      if (decided === 'cut-after') cut = true;
      server.send(message);
      if (decided === 'twice') server.send(message);
      if (decided === 'cut-after') void Promise.all([socket.close({ code: 1012 }), server.close()]);
    });
  });
}
