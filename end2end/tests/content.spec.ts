import { expect, type Locator } from '@playwright/test';
import { test } from '../fixtures.js';
import { settledBox } from '../pages/layout.js';

/** No line of the bubble ends outside of the list. */
async function expectInside(bubble: Locator, list: Locator): Promise<void> {
  const inner = await settledBox(bubble);
  const outer = await settledBox(list);
  expect(inner.x).toBeGreaterThanOrEqual(outer.x);
  expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width + 0.5);
  const sticking = await bubble.evaluate((root) =>
    [root, ...root.querySelectorAll('*')]
      .filter(({ clientWidth, scrollWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1)
      .map((element) => element.outerHTML.slice(0, 120)),
  );
  expect(sticking).toEqual([]);
}

test('L9 markup is text', async ({ ada, grace, stack }) => {
  const texts = [
    '<script>document.title = "owned"</script>',
    '<img src=x onerror="document.title=\'owned\'">',
    '&lt;b&gt; stays as it was typed &amp; so on',
  ];
  const panel = await ada.chat(grace);
  for (const text of texts) await stack.api.send(grace.account, ada.account, text);
  await panel.expectMessages(texts);
  for (const text of texts) await panel.send(`back: ${text}`);
  await expect(panel.bubbles).toHaveCount(6);
  await expect(panel.log.locator('script, img[src="x"], b')).toHaveCount(0);
  await ada.page.reload();
  await panel.expectMessages([...texts, ...texts.map((text) => `back: ${text}`)]);
  await expect(panel.log.locator('script, img[src="x"], b')).toHaveCount(0);
  await expect(ada.page).not.toHaveTitle('owned');
});

test('L9 links are safe, and only what is a link is one', async ({ ada, grace, stack }) => {
  const text = 'See https://example.org/a?b=c&d=e#f, mail mailto:a@example.org, not javascript:alert(1) nor data:text/html,x';
  await stack.api.send(grace.account, ada.account, text);
  const panel = await ada.chat(grace);
  await expect(panel.bubble('See')).toContainText(text);
  const links = panel.bubble('See').getByRole('link');
  await expect(links.first()).toHaveAttribute('href', 'https://example.org/a?b=c&d=e#f');
  for (const link of await links.all()) {
    await expect(link).toHaveAttribute('target', '_blank');
    for (const word of ['noopener', 'noreferrer', 'nofollow', 'ugc']) {
      await expect(link).toHaveAttribute('rel', new RegExp(`\\b${word}\\b`));
    }
    await expect(link).toHaveAttribute('href', /^(https?|mailto):/);
  }
});

test('L7 long words, long addresses and lines from right to left stay inside', async ({ ada, grace, stack }) => {
  const long = `long${'w'.repeat(300)}`;
  const address = `https://example.org/${'path/'.repeat(60)}`;
  const hebrew = 'שלום, מה שלומך היום? (טוב!)';
  const panel = await ada.chat(grace);
  for (const text of [long, address, hebrew]) await stack.api.send(grace.account, ada.account, text);
  await panel.send(`mine ${long}`);
  for (const text of ['longwww', 'example.org/path', hebrew, 'mine longwww']) {
    await expectInside(panel.bubble(text).last(), panel.log);
  }
  await expect(panel.bubble(hebrew)).toContainText(hebrew);
});

test('L7 lines and spaces stay as they were typed', async ({ ada, grace, stack }) => {
  const text = 'first line\nsecond line\n\n  an indented one';
  await stack.api.send(grace.account, ada.account, text);
  const panel = await ada.chat(grace);
  const shown = await panel.bubble('first line').evaluate((bubble) => (bubble as HTMLElement).innerText);
  expect(shown).toContain('first line\nsecond line\n\n  an indented one');
});

test('L8 a few emoji alone are large', async ({ ada, grace, stack }) => {
  for (const text of ['🎉👍🏽', 'party 🎉🎊']) await stack.api.send(grace.account, ada.account, text);
  const panel = await ada.chat(grace);
  const size = (text: string) =>
    panel.bubbles.getByText(text).first().evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
  expect(await size('🎉👍🏽')).toBeGreaterThanOrEqual(1.5 * (await size('party 🎉🎊')));
});
