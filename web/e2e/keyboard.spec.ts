import type { Page } from '@playwright/test';
import { expect, test } from './carpel';

/** Goes on by Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string | RegExp) {
  const here = () =>
    page.evaluate(() => {
      const at = document.activeElement as HTMLElement | null;
      const label = at?.getAttribute('aria-labelledby');
      return (
        at?.getAttribute('aria-label') ||
        (label && document.getElementById(label)?.textContent) ||
        (at as HTMLInputElement | null)?.labels?.[0]?.textContent ||
        at?.textContent ||
        ''
      ).trim();
    });
  for (let i = 0; i < 80; i++) {
    const now = await here();
    if (typeof name === 'string' ? now === name : name.test(now)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not come to ${name}; it stands at ${await here()}`);
}

test('a segment page by keyboard alone: tabs, the curve, a person, the menu', async ({ console: page, open }) => {
  await open('/segments');
  await tabTo(page, 'Power users');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Power users' })).toBeVisible();
  await tabTo(page, 'Overview');
  await tabTo(page, 'Size over time, by arrow keys');
  await page.keyboard.press('Home');
  await expect(page.getByRole('slider')).toHaveAttribute('aria-valuetext', /people, \d/);
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Overview' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/tab=people/);
  await tabTo(page, 'Is somebody in it?');
  await page.keyboard.type('u00042');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: /is (not )?in it/ })).toBeVisible();
  await page.getByRole('link', { name: 'Edit' }).focus();
  await tabTo(page, /^(Actions|More)/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
});

test('somebody is erased by keyboard alone', async ({ console: page, open }) => {
  await open('/people?search=u00061');
  const name = await page.getByRole('row').nth(1).getByRole('link').first().textContent();
  await tabTo(page, name?.trim() ?? '');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/people\/p_/);
  await tabTo(page, 'Erase…');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('within 7 days');
  await expect(page.getByRole('dialog').getByRole('textbox')).toBeFocused();
  await page.keyboard.type('u00061');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible();
});

test('a file is mapped, tried and taken by keyboard alone', async ({ console: page, open }) => {
  await open('/data/imports/new');
  await page.getByLabel('File to import').setInputFiles({
    name: 'keys.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('nick,email,age\nk1,k@example.com,30\nk2,K@example.com,31\n'),
  });
  await expect(page.getByRole('row', { name: /age .* number/ })).toBeVisible();
  await tabTo(page, 'nick is taken as');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('option', { name: 'User id' }).waitFor();
  for (let i = 0; i < 9 && !(await page.locator('[data-combobox-selected]', { hasText: 'User id' }).count()); i++)
    await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Try it without taking anything');
  await page.keyboard.press('Enter');
  const dry = page.getByRole('region', { name: 'Dry run' });
  await expect(dry.getByRole('row', { name: 'Rows would be taken 1' })).toBeVisible();
  await expect(dry.getByRole('row', { name: /^3 Taken in part .* row 1 has it/ })).toBeVisible(); // one email, two people
  await tabTo(page, 'Import 2 rows');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/imports\/imp_/);
  await expect(page.getByRole('row', { name: /^Taken but for a part .* 1$/ })).toBeVisible();
});
