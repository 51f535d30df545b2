import { expect, type Locator, type Page } from '@playwright/test';

/** What the tests look for in a language, the way a screen reader says it. */
export interface Words {
  readonly username: string;
  readonly password: string;
  readonly logIn: string;
  readonly settings: string;
  readonly matches: string;
  readonly message: string;
  readonly chatWith: (name: string) => string;
  readonly messageTo: (name: string) => string;
  readonly send: string;
  readonly today: string;
  /** The state of a message that the server has. */
  readonly sentOrLater: RegExp;
}

/** A name between the marks that keep it in one piece on a page of the other direction. */
const isolated = (name: string) => `\u2068${name}\u2069`;

export const WORDS = {
  german: {
    username: 'Benutzername',
    password: 'Passwort',
    logIn: 'Anmelden',
    settings: 'Einstellungen',
    matches: 'Matches',
    message: 'Nachricht',
    chatWith: (name) => `Chat mit ${name}`,
    messageTo: (name) => `Nachricht an ${name}`,
    send: 'Senden',
    today: 'Heute',
    sentOrLater: /^(Gesendet|Zugestellt|Gelesen)$/,
  },
  hebrew: {
    username: 'שם משתמש',
    password: 'סיסמה',
    logIn: 'כניסה',
    settings: 'הגדרות',
    matches: 'התאמות',
    message: 'הודעה',
    chatWith: (name) => `צ׳אט עם ${isolated(name)}`,
    messageTo: (name) => `הודעה אל ${isolated(name)}`,
    send: 'שליחה',
    today: 'היום',
    sentOrLater: /^(נשלחה|נמסרה|נקראה)$/,
  },
} as const satisfies Record<string, Words>;

/** The panel of one conversation on a page in any language. */
export class Conversation {
  readonly root: Locator;
  readonly log: Locator;
  readonly composer: Locator;
  readonly sendButton: Locator;
  /** How far each own message got. */
  readonly states: Locator;

  constructor(page: Page, words: Words, peer: string) {
    const named = { name: words.chatWith(peer), exact: true };
    this.root = page.getByRole('region', named).or(page.getByRole('dialog', named));
    this.log = this.root.getByRole('log');
    this.composer = this.root.getByRole('textbox', { name: words.messageTo(peer), exact: true });
    this.sendButton = this.root.getByRole('button', { name: words.send, exact: true });
    this.states = this.log.locator('[data-direction="sent"] .message-bubble__state');
  }

  bubble(text: string): Locator {
    return this.log.getByRole('listitem').filter({ hasText: text });
  }

  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.sendButton.click();
    await expect(this.bubble(text)).toBeVisible();
  }
}
