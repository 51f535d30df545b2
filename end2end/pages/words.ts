import { expect, type Locator } from '@playwright/test';

/** All that a reader gets of an element, seen or heard: its text, its labels and what describes it. */
async function words(element: Locator): Promise<string> {
  return element.evaluate((root) => {
    const said = [root.textContent ?? ''];
    for (const node of [root, ...root.querySelectorAll('*')]) {
      said.push(node.getAttribute('aria-label') ?? '', node.getAttribute('aria-description') ?? '');
      for (const id of (node.getAttribute('aria-describedby') ?? '').split(' ')) {
        said.push(document.getElementById(id)?.textContent ?? '');
      }
    }
    return said.join(' ');
  });
}

/** The element says `{count} unread`, and says nothing of it at 0. */
export async function expectUnread(element: Locator, count: number | '99+'): Promise<void> {
  const read = () => words(element);
  if (count === 0) await expect.poll(read).not.toMatch(/\bunread\b/);
  else await expect.poll(read).toMatch(new RegExp(`(^|[^0-9+])${String(count).replace('+', '\\+')} unread`));
}
