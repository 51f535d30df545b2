import type { Locator, Page } from '@playwright/test';

/** The page of one's own account, which runs no script. */
export class AccountPage {
  readonly devices: Locator;
  readonly currentPassword: Locator;
  readonly newPassword: Locator;
  readonly changePassword: Locator;
  readonly download: Locator;
  readonly password: Locator;
  readonly confirmed: Locator;
  readonly remove: Locator;
  /** What became of the form that was sent last. */
  readonly done: Locator;
  readonly alert: Locator;

  constructor(readonly page: Page) {
    this.devices = page.getByRole('list', { name: 'Devices' }).getByRole('listitem');
    this.currentPassword = page.getByLabel('Current password', { exact: true });
    this.newPassword = page.getByLabel('New password', { exact: true });
    this.changePassword = page.getByRole('button', { name: 'Change password', exact: true });
    this.download = page.getByRole('link', { name: 'Download my data', exact: true });
    this.password = page.getByLabel('Password', { exact: true });
    this.confirmed = page.getByRole('checkbox', { name: 'Yes, delete my account for good' });
    this.remove = page.getByRole('button', { name: 'Delete account', exact: true });
    this.done = page.getByRole('status');
    this.alert = page.getByRole('alert');
  }
}
