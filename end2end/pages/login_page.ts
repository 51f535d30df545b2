import type { Locator, Page } from '@playwright/test';

/** The log-in page and the sign-up page, which share their fields. */
export class LoginPage {
  readonly username: Locator;
  readonly password: Locator;
  readonly displayName: Locator;
  readonly submit: Locator;
  readonly create: Locator;
  readonly alert: Locator;

  constructor(readonly page: Page) {
    this.username = page.getByRole('textbox', { name: 'Username' });
    this.password = page.getByLabel('Password', { exact: true });
    this.displayName = page.getByRole('textbox', { name: 'Display name' });
    this.submit = page.getByRole('button', { name: 'Log in', exact: true });
    this.create = page.getByRole('button', { name: 'Create account', exact: true });
    this.alert = page.getByRole('alert');
  }

  async logIn(username: string, password: string): Promise<void> {
    await this.username.fill(username);
    await this.password.fill(password);
    await this.submit.click();
  }

  async signUp(displayName: string, username: string, password: string): Promise<void> {
    await this.displayName.fill(displayName);
    await this.username.fill(username);
    await this.password.fill(password);
    await this.create.click();
  }
}
