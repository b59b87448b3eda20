import { accessible, expect, test } from './carpel';

const screens = [
  '',
  '/people',
  '/activity',
  '/segments',
  '/segments/power-users',
  '/segments/power-users?tab=api',
  '/segments/power-users/edit',
  '/data/sources',
  '/data/names',
  '/settings/workspace',
  '/settings/audit',
];

test('every main screen fits a phone, in light and in dark', async ({ console: page, open }) => {
  test.slow(); // axe, twice a screen
  await page.setViewportSize({ width: 400, height: 800 });
  for (const screen of screens) {
    await open(screen);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), screen).toBeLessThanOrEqual(400);
    await accessible(page);
  }
  // The tab that is chosen is in sight.
  await open('/segments/power-users?tab=api');
  await expect(page.getByRole('tab', { name: 'API' })).toBeInViewport({ ratio: 1 });
});

test('on a phone the builder opens who matches, and checks a person', async ({ console: page, open }) => {
  await page.setViewportSize({ width: 400, height: 800 });
  await open('/segments/power-users/edit');
  await page.getByRole('button', { name: 'See who' }).click();
  const panel = page.getByRole('dialog', { name: 'Who matches' });
  await expect(panel.getByText('For example')).toBeVisible();
  await panel.getByRole('combobox', { name: 'Check a person' }).fill('u00042');
  await page.getByRole('listbox', { name: 'Check a person' }).getByRole('option').first().click();
  await expect(panel.getByText(/^is (not )?in$/)).toBeVisible();
  await accessible(page);
});
