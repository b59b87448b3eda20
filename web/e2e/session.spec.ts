import { accessible, type Carpel, expect, start, test, watch } from './carpel';
import { admin, email, logIn, password, setUp, setUpLink } from './set_up';

let carpel: Carpel;
test.beforeAll(async () => {
  carpel = await start('serve');
  await admin(carpel);
});
test.afterAll(() => carpel.stop());

test('the printed link makes the first admin, once', async ({ page }) => {
  const carpel = await start('serve');
  const faults = watch(page);
  await page.goto(carpel.url);
  await expect(page.getByRole('heading', { name: 'Welcome to Carpel' })).toBeVisible();
  await accessible(page);

  const link = setUpLink(carpel);
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'Set up Carpel' })).toBeVisible();
  await accessible(page);
  await page.getByLabel('Email').fill('nobody');
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Create admin' }).click();
  await expect(page.getByRole('heading', { name: 'Set up Carpel' })).toBeVisible(); // the browser wants an address
  await page.getByLabel('Email').fill(email);
  await page.getByRole('button', { name: 'Create admin' }).click();
  await expect(page.getByText(/at least 10/i).last()).toBeVisible();
  await setUp(page, carpel);
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toHaveText('Acme');

  await page.goto('about:blank');
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'This link does not open' })).toBeVisible();
  await accessible(page);
  expect(faults).toEqual([]);
  await carpel.stop();
});

test('who logs in comes to where they wanted to go, by keyboard alone', async ({ page }) => {
  const faults = watch(page);
  await page.goto(`${carpel.url}/w/nothing/segments?tag=demo`);
  await expect(page).toHaveURL(/\/login\?to=/);
  await expect(page.getByLabel('Email')).toBeFocused();
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type('a wrong password');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('the email or the password is wrong');
  await accessible(page);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toBeVisible(); // of the first workspace: that one is none

  const home = new URL(page.url()).pathname;
  await page.getByRole('button', { name: 'You' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await page.goto(`${carpel.url}${home}/settings/limits`);
  await logIn(page);
  await expect(page).toHaveURL(/\/settings\/limits$/);
  expect(faults).toEqual([]);
});

test('somebody is invited, joins, and may do what the role says', async ({ page, browser }) => {
  test.slow(); // two people, and four log-ins
  const faults = watch(page);
  await page.goto(carpel.url);
  await logIn(page);
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('tab', { name: 'Users' }).click();
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('Email').fill('bob@example.com');
  await dialog.getByRole('radio', { name: 'Viewer' }).check();
  await accessible(page);
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByRole('region', { name: 'Link' }).textContent();
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  await expect(page.getByText('bob@example.com')).toBeVisible();

  const context = await browser.newContext();
  const bob = await context.newPage();
  const bobs = watch(bob);
  await bob.goto(String(link).trim());
  await expect(bob.getByRole('heading', { name: 'Join default' })).toBeVisible();
  await bob.getByLabel('Your name').fill('Bob');
  await bob.getByLabel('New password').fill(password);
  await bob.getByRole('button', { name: 'Join' }).click();
  await expect(bob.getByRole('heading', { name: 'Get your people in' })).toBeVisible();
  await expect(bob.getByText('Your role may not import: ask an editor of the workspace.')).toBeVisible();
  await accessible(bob);
  const home = bob.url().replace(/\/$/, '');
  for (const [screen, told] of [
    ['/data/sources', 'Keys are shown to admins of the workspace.'],
    ['/data/imports', 'Editors and admins can import.'],
    ['/settings/users', 'Only admins of the workspace see who belongs to it, and invite others.'],
    ['/settings/audit', 'The audit log is for admins of the workspace.'],
    ['/settings/workspace', 'Admins of the workspace can change this.'],
  ] as const) {
    await bob.goto(home + screen);
    await expect(bob.getByText(told).first()).toBeVisible();
  }

  await page.reload();
  await page.getByRole('combobox', { name: 'Role of Bob' }).click();
  await page.getByRole('option', { name: 'Editor' }).click();
  await expect(page.getByText('Bob is an editor now.')).toBeVisible();
  await bob.goto(`${home}/data/imports`);
  await expect(bob.getByRole('heading', { name: 'Log in' })).toBeVisible(); // another role ends sessions
  await logIn(bob, 'bob@example.com');
  await expect(bob.getByRole('link', { name: 'Import a file' }).first()).toBeVisible();

  await page.getByRole('button', { name: 'Actions for Bob' }).click();
  await page.getByRole('menuitem', { name: 'Link for a new password …' }).click();
  await page.getByRole('button', { name: 'Make the link' }).click();
  const forgotten = await page.getByRole('region', { name: 'Link' }).textContent();
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await bob.goto(String(forgotten).trim());
  await expect(bob.getByRole('heading', { name: 'Set a new password' })).toBeVisible();
  await bob.getByLabel('New password').fill('another good password');
  await bob.getByRole('button', { name: 'Set password' }).click();
  await expect(bob.getByRole('heading', { name: 'Get your people in' })).toBeVisible();

  await page.getByRole('button', { name: 'Actions for Bob' }).click();
  await page.getByRole('menuitem', { name: 'Take out …' }).click();
  await accessible(page);
  await page.getByRole('button', { name: 'Take out', exact: true }).click();
  await expect(page.getByText('Bob is out.')).toBeVisible();
  await bob.reload();
  await expect(bob.getByRole('heading', { name: 'Log in' })).toBeVisible();
  expect([...faults, ...bobs]).toEqual([]);
  await context.close();
});
