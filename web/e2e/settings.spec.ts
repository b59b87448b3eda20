import { accessible, type Carpel, expect, start, test, watch } from './carpel';
import { admin, logIn, password } from './set_up';

let carpel: Carpel;
test.beforeAll(async () => {
  carpel = await start('serve');
  await admin(carpel);
});
test.afterAll(() => carpel.stop());

test('the workspace is renamed and moved, another is made, and the log tells it', async ({ page }) => {
  const faults = watch(page);
  await page.goto(carpel.url);
  await logIn(page);
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Settings' }).click();
  await expect(page).toHaveURL(/\/settings\/workspace$/);
  await accessible(page);
  await page.getByRole('textbox', { name: 'Name' }).fill('Acme Berlin');
  await page.getByRole('combobox', { name: 'Time zone' }).fill('Berlin');
  await page.getByRole('option', { name: 'Europe/Berlin' }).click();
  await expect(page.getByText(/segments that count days are built anew/)).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toHaveText('Acme Berlin');

  await page.getByRole('tab', { name: 'Audit log' }).press('Enter');
  await expect(page.getByRole('cell', { name: 'changed the workspace' }).first()).toBeVisible();
  await accessible(page);
  await page.getByRole('combobox', { name: 'About' }).click();
  await page.getByRole('option', { name: 'Keys' }).click();
  await expect(page).toHaveURL(/about=key/);
  await expect(page.getByText('Nothing was done of that kind')).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('cell', { name: 'logged in' })).toBeVisible();

  await page.getByRole('tab', { name: 'Limits' }).click();
  await expect(page.getByRole('cell', { name: '32 levels' }).first()).toBeVisible();
  await accessible(page);

  await page.getByRole('tab', { name: 'Workspace' }).click();
  await page.getByRole('button', { name: 'New workspace' }).click();
  const dialog = page.getByRole('dialog', { name: 'New workspace' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Beta');
  await accessible(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toHaveText('Beta');
  await page.getByRole('button', { name: 'Switch the workspace' }).click();
  await page.getByRole('menuitem', { name: /Acme Berlin/ }).click();
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toHaveText('Acme Berlin');
  expect(faults).toEqual([]);
});

test('an API key is made, used, replaced and revoked', async ({ page }) => {
  const faults = watch(page);
  await page.goto(carpel.url);
  await logIn(page);
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('tab', { name: 'API keys' }).click();
  await page.getByRole('button', { name: 'New key' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('reports');
  await accessible(page);
  await dialog.getByRole('button', { name: 'Make the key' }).press('Enter');
  const secret = String(await dialog.getByRole('region', { name: 'Key' }).textContent()).trim();
  const asks = (key: string) =>
    fetch(`${carpel.url}/api/segments`, { headers: { Authorization: `Bearer ${key}` } }).then((r) => r.status);
  expect(await asks(secret)).toBe(200);
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  await expect(page.getByRole('row', { name: /^reports read/ })).toBeVisible();
  await accessible(page);

  await page.getByRole('button', { name: 'Actions for the key reports' }).click();
  await page.getByRole('menuitem', { name: 'Replace …' }).click();
  await page.getByRole('combobox', { name: 'The old one goes on' }).click();
  await page.getByRole('option', { name: 'not at all' }).click();
  await page.getByRole('button', { name: 'Make the new key' }).click();
  const second = String(await page.getByRole('region', { name: 'New key' }).textContent()).trim();
  expect([await asks(secret), await asks(second)]).toEqual([401, 200]);
  await page.getByRole('button', { name: 'I have kept it' }).click();

  await page.getByRole('button', { name: 'Actions for the key reports' }).click();
  await page.getByRole('menuitem', { name: 'Revoke …' }).click();
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await expect(page.getByText('revoked', { exact: true })).toBeVisible();
  expect(await asks(second)).toBe(401);
  expect(faults).toEqual([]);
});

test('a password is changed', async ({ page }) => {
  const faults = watch(page);
  await page.goto(carpel.url);
  await logIn(page);
  await page.getByRole('button', { name: 'You' }).click();
  await page.getByRole('menuitem', { name: 'Your password' }).click();
  await page.getByRole('textbox', { name: 'Password now' }).fill('not this one');
  await page.getByRole('textbox', { name: 'New password' }).fill('another good password');
  await page.getByRole('button', { name: 'Change it' }).click();
  await expect(page.getByText('the old password is wrong')).toBeVisible();
  await accessible(page);
  await page.getByRole('textbox', { name: 'Password now' }).fill(password);
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Your password is changed/)).toBeVisible();
  expect(faults).toEqual([]);
});

test('a channel is added, checked, switched off and deleted; how messages go out is set', async ({
  console: page,
  open,
}) => {
  test.slow(); // many steps
  await open('/settings/channels');
  await expect(page.getByText('Everything goes to the sandbox')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Add a channel' }).click();
  await page.getByRole('menuitem', { name: 'Email by a mail server' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Server' }).fill('127.0.0.1');
  await dialog.getByRole('textbox', { name: 'Port' }).fill('1');
  await dialog.getByRole('textbox', { name: 'Sender' }).fill('nobody');
  await accessible(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Sender' })).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByRole('textbox', { name: 'Sender' }).fill('Shop <hello@example.com>');
  await page.keyboard.press('Enter');
  const row = page.getByRole('region', { name: 'Email by a mail server' });
  await expect(row).toContainText('hello@example.com');
  await row.getByRole('button', { name: 'Check' }).click();
  await expect(row.getByRole('status')).toBeVisible(); // nobody listens there
  await row.getByRole('switch').press('Space');
  await expect(row.getByText('Off', { exact: true })).toBeVisible();
  await page.getByRole('textbox', { name: 'Sender' }).fill('Shop <shop@example.com>');
  await page.getByRole('button', { name: 'Add a topic' }).press('Enter');
  await page.getByRole('group', { name: 'Topics' }).getByRole('textbox', { name: 'Name' }).fill('Product news');
  await page.getByRole('button', { name: 'Add a limit' }).press('Enter');
  await page.getByRole('checkbox', { name: 'Quiet hours' }).check();
  await accessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved. It holds from the next message on.')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('textbox', { name: 'Key' })).toHaveValue('product-news');
  await row.getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('Everything goes to the sandbox')).toBeVisible();
});
