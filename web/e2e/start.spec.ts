import { execFileSync } from 'node:child_process';
import { accessible, type Carpel, expect, start, test, watch } from './carpel';
import { setUp } from './set_up';

let carpel: Carpel;
test.beforeEach(async () => {
  carpel = await start('serve');
});
test.afterEach(() => carpel.stop());

test('from nothing to a counted segment of the demo, which is then deleted', async ({ page }) => {
  test.slow(); // five thousand people
  const faults = watch(page);
  await setUp(page, carpel);
  await accessible(page);
  await page.getByRole('button', { name: 'Explore the demo' }).click();
  await expect(page.getByRole('heading', { name: 'Making up a company' })).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'People made up so far' })).toBeVisible();
  await accessible(page);
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible({ timeout: 50_000 });
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toHaveText('Demo');
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Segments' }).click();
  await expect(page.getByText('Active trials worth a call').first()).toBeVisible();

  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Delete this workspace …' }).click();
  await accessible(page);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Switch the workspace' })).toHaveText('Acme');
  await expect(page.getByRole('button', { name: 'Explore the demo' })).toBeVisible();
  expect(faults).toEqual([]);
});

test('the snippet works as it is copied, and the light turns green', async ({ page }) => {
  const faults = watch(page);
  await setUp(page, carpel);
  await page.getByRole('button', { name: 'Show me how' }).press('Enter');
  await expect(page.getByText('Waiting for the first event …')).toBeVisible();
  await page.getByRole('button', { name: 'Make a key and put it in' }).press('Enter');
  const snippet = page.getByRole('region', { name: 'Snippet' });
  await expect(snippet).toContainText('curl -u sk_');
  await accessible(page);
  const answer = execFileSync('bash', ['-c', `${await snippet.textContent()} --silent`], { encoding: 'utf8' });
  expect(JSON.parse(answer)).toEqual({ success: true });
  await expect(page.getByRole('heading', { name: 'Home' })).toBeVisible(); // somebody is there
  const home = page.url().replace(/\/$/, '');
  await page.goto(`${home}/data/sources`);
  await expect(page.getByText('Receiving.')).toBeVisible();
  await expect(page.getByText('within the hour').first()).toBeVisible(); // the key was used
  await page.goto(`${home}/people/ann`);
  await expect(page.getByRole('main').getByText('ann@example.com').first()).toBeVisible();
  expect(faults).toEqual([]);
});
