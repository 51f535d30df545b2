import { expect, NETWORK, test, type Person } from '../fixtures.js';

test('N1 N3 unread shows on the person, in the header, title and icon, also after a reload', async ({ ada, grace, stack }) => {
  const icon = ada.page.locator('link[rel="icon"]');
  await ada.goto('/');
  await expect(icon).toHaveAttribute('href', '/favicon.svg');
  await ada.matches.expectUnread(grace.name, 0);
  await ada.header.expectUnread(0);
  await stack.api.send(grace.account, ada.account, 'knock');
  await ada.matches.expectUnread(grace.name, 1);
  await ada.header.expectUnread(1);
  await expect(ada.page).toHaveTitle(/^\(1\) /);
  await expect(icon).toHaveAttribute('href', '/favicon-unread.svg');

  const alan = await stack.account('alan');
  await stack.api.send(alan, ada.account, 'knock, knock');
  await ada.header.expectUnread(2);
  await expect(ada.page).toHaveTitle(/^\(2\) /);
  await ada.page.reload();
  await ada.header.expectUnread(2);
  await ada.matches.expectUnread(grace.name, 1);
  await expect(ada.page).toHaveTitle(/^\(2\) /);

  await ada.matches.choose(grace.name);
  await expect(ada.matches.message(grace.name)).toContainText('1');
  await ada.matches.message(grace.name).click();
  await ada.matches.expectUnread(grace.name, 0);
  await expect(ada.matches.message(grace.name)).not.toContainText('1');
  await ada.header.expectUnread(1);
  await expect(ada.page).toHaveTitle(/^\(1\) /);
  // The next page knows what the server knows.
  await expect.poll(() => stack.api.readSeq(ada.account, grace.account)).toBe(1);
  await ada.chat(alan);
  await expect(ada.page).not.toHaveTitle(/^\(/);
  await expect(icon).toHaveAttribute('href', '/favicon.svg');
});

test('N1 from a hundred on it is 99+', async ({ ada, grace, stack }) => {
  for (let number = 1; number <= 100; number++) {
    await stack.api.send(grace.account, ada.account, `number ${number}`);
  }
  await ada.goto('/');
  await ada.matches.expectUnread(grace.name, '99+');
  await ada.header.expectUnread('99+');
  await expect(ada.page).toHaveTitle(/^\(99\+\) /);
});

test('N2 a toast says who writes, and opens the conversation', async ({ ada, grace, stack }) => {
  await ada.goto('/');
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'first knock');
  const toast = ada.header.toast(grace.name);
  await expect(toast).toHaveCount(1);
  // While the pointer is on it, it stays.
  await toast.hover();
  await stack.api.send(grace.account, ada.account, 'second knock');
  await expect(toast).toContainText('second knock');
  await expect(toast).toHaveCount(1);

  await toast.getByRole('button', { name: 'Open', exact: true }).click();
  const panel = ada.panel(grace);
  await panel.expectMessages(['first knock', 'second knock']);
  await expect(ada.page).toHaveURL(new RegExp(`/\\?profile=${grace.id}&chat=open$`));
  await expect(toast).toHaveCount(0);
});

test('N2 a toast counts all of what comes at once', async ({ ada, grace, stack }) => {
  await ada.goto('/');
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'first knock');
  const toast = ada.header.toast(grace.name);
  await toast.hover();
  const knocks = ['second', 'third', 'fourth', 'fifth', 'sixth'];
  await Promise.all(knocks.map((knock) => stack.api.send(grace.account, ada.account, `${knock} knock`)));
  await expect(toast).toContainText('6 new messages.');
});

test('N2 a toast also appears in the inbox, and goes when the conversation is opened from there', async ({ ada, grace, stack }) => {
  await ada.goto('/messages');
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'over here');
  const toast = ada.header.toast(grace.name);
  await expect(toast).toBeVisible();
  await toast.hover();
  await ada.inbox.entry(grace.name).click();
  await expect(ada.panel(grace).bubble('over here')).toBeVisible();
  await expect(toast).toHaveCount(0);
});

test('N2 no toast for the conversation in view, for own messages, or for what was missed', async ({ ada, grace, stack }) => {
  await stack.api.send(grace.account, ada.account, 'while you were away');
  await ada.header.rememberToasts(grace.name);
  await ada.goto('/');
  await ada.header.expectUnread(1);
  expect(await ada.header.toastsSoFar()).toEqual([]);
  const panel = await ada.chat(grace);
  await panel.send('my own words');
  await stack.api.send(grace.account, ada.account, 'in plain view');
  await expect(panel.bubble('in plain view')).toBeVisible();
  await panel.expectState('my own words', 'Sent', 'Delivered', 'Read');
  expect(await ada.header.toastsSoFar()).toEqual([]);
});

test('N2 four tabs, one toast; reading in one clears all', async ({ ada, grace, stack }) => {
  await ada.header.rememberToasts(grace.name);
  await ada.goto('/');
  const tabs = [ada, await ada.tab('/'), await ada.tab('/messages'), await ada.tab('/')];
  for (const tab of tabs) await tab.expectLive();
  await stack.api.send(grace.account, ada.account, 'only once');
  for (const tab of tabs) await tab.header.expectUnread(1);
  const toasting = async (text: string) => {
    const told = await Promise.all(tabs.map((tab) => tab.header.toastsSoFar()));
    return tabs.filter((_, index) => told[index]!.some((toast) => toast.includes(text)));
  };
  await expect.poll(async () => (await toasting('only once')).length).toBe(1);
  await stack.api.send(grace.account, ada.account, 'and once more');
  await expect.poll(async () => (await toasting('and once more')).length).toBe(1);
  // Under the pointer a toast stays, until the message is read elsewhere.
  const [host] = await toasting('and once more');
  await host!.header.toast(grace.name).hover();
  for (const tab of tabs) await tab.header.expectUnread(2);
  for (const text of ['only once', 'and once more']) expect(await toasting(text)).toHaveLength(1);

  const other = tabs.find((tab) => tab !== host)!;
  const [reader] = await Promise.all([other.chat(grace), other.page.bringToFront()]);
  await expect(reader.bubble('and once more')).toBeVisible();
  for (const tab of tabs) {
    await tab.header.expectUnread(0);
    await expect(tab.page).not.toHaveTitle(/^\(/);
    await expect(tab.header.toast(grace.name)).toHaveCount(0);
  }
});

test('N4 notifications are asked for by a click only, after saying what for', async ({ ada, grace, stack }) => {
  await fakeNotifications(ada, 'default', 'granted');
  await ada.chat(grace);
  await stack.api.send(grace.account, ada.account, 'hello');
  await expect(ada.panel(grace).bubble('hello')).toBeVisible();
  expect(await notifications(ada)).toEqual({ asked: 0, shown: [] });
  await ada.goto('/messages');
  await ada.header.settingsButton.click();
  await expect(ada.header.settings).toContainText('Your browser will ask you.');
  await ada.header.settings.getByRole('button', { name: 'Turn on notifications' }).click();
  await expect(ada.header.settings.getByRole('switch', { name: 'Notifications' })).toBeChecked();
  expect((await notifications(ada)).asked).toBe(1);

  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'while you look');
  await expect(ada.header.toast(grace.name)).toContainText('while you look');
  expect((await notifications(ada)).shown).toEqual([]);
  await ada.page.evaluate(() => {
    document.hasFocus = () => false;
  });
  await stack.api.send(grace.account, ada.account, 'while you look away\nand more');
  await expect.poll(async () => (await notifications(ada)).shown).toEqual([[grace.name, 'while you look away']]);
  await ada.page.evaluate(() => (window as unknown as { notices: { onclick(): void }[] }).notices[0]!.onclick());
  await expect(ada.panel(grace).bubble('while you look away')).toBeVisible();

  // The panel is open, and nobody looks.
  await stack.api.send(grace.account, ada.account, 'still away');
  await expect.poll(async () => (await notifications(ada)).shown.at(-1)).toEqual([grace.name, 'still away']);
});

test('N4 notifications that are blocked are said to be', async ({ ada, grace, stack }) => {
  await fakeNotifications(ada, 'denied', 'denied');
  await ada.goto('/');
  await ada.header.settingsButton.click();
  await expect(ada.header.settings).toContainText('Notifications are blocked.');
  await expect(ada.header.settings.getByRole('button', { name: 'Turn on notifications' })).toHaveCount(0);
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'hello');
  await expect(ada.header.toast(grace.name)).toBeVisible();
  expect(await notifications(ada)).toEqual({ asked: 0, shown: [] });
});

test('N5 there is no sound until somebody wants it', async ({ ada, grace, stack }) => {
  await ada.page.addInitScript(() => {
    const played: string[] = [];
    Object.assign(window, { played });
    HTMLMediaElement.prototype.play = async function () {
      played.push(new URL(this.src).pathname);
    };
  });
  const played = () => ada.page.evaluate(() => (window as unknown as { played: string[] }).played);
  await ada.goto('/');
  await ada.expectLive();
  await stack.api.send(grace.account, ada.account, 'quietly');
  await expect(ada.header.toast(grace.name)).toContainText('quietly');
  expect(await played()).toEqual([]);
  await ada.header.settingsButton.click();
  const sound = ada.header.settings.getByRole('switch', { name: 'Sound' });
  await expect(sound).not.toBeChecked();
  await sound.check();
  await stack.api.send(grace.account, ada.account, 'and aloud');
  await expect.poll(played).toEqual(['/message.wav']);
  const tone = await ada.page.request.get('/message.wav');
  expect([tone.status(), tone.headers()['content-type']]).toEqual([200, 'audio/wav']);
});

test('N2 a toast comes although the first request for the name failed', async ({ ada, grace, stack, complaints }) => {
  complaints.allow(NETWORK);
  await ada.goto('/');
  await ada.expectLive();
  await ada.page.route(/\/profiles\//, (route) => route.abort(), { times: 1 });
  await stack.api.send(grace.account, ada.account, 'do not miss me');
  await expect(ada.header.toast(grace.name)).toContainText('do not miss me');
});

/** A browser whose notifications can be looked at, with what it allows now and what its user answers. */
async function fakeNotifications(person: Person, now: NotificationPermission, answer: NotificationPermission): Promise<void> {
  await person.page.addInitScript(
    ([now, answer]) => {
      let asked = 0;
      const notices: object[] = [];
      const shown: [string, string | undefined][] = [];
      class Fake {
        static permission = now;
        static async requestPermission(): Promise<NotificationPermission> {
          asked += 1;
          Fake.permission = answer;
          return answer;
        }
        constructor(title: string, options?: NotificationOptions) {
          if (Fake.permission !== 'granted') return;
          shown.push([title, options?.body]);
          notices.push(this);
        }
        close(): void {}
      }
      Object.assign(window, { Notification: Fake, notices, notifications: () => ({ asked, shown }) });
    },
    [now, answer] as const,
  );
}

function notifications(person: Person): Promise<{ asked: number; shown: [string, string][] }> {
  return person.page.evaluate(() =>
    (window as unknown as { notifications(): { asked: number; shown: [string, string][] } }).notifications(),
  );
}
