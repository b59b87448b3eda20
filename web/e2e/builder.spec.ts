import type { Page } from '@playwright/test';
import { accessible, expect, test } from './carpel';

const count = (page: Page) => page.getByTestId('count').first();
const people = async (page: Page) => Number(((await count(page).textContent()) ?? '').replaceAll(',', ''));
const exact = (page: Page) => expect(page.getByText(/^exact · \d+ ms$/).first()).toBeVisible();
/** Adds a condition as one types it. */
async function type(page: Page, box: string, text: string) {
  const input = page.getByRole('region', { name: box }).getByRole('combobox', { name: 'Add a condition' }).last();
  await input.fill(text);
  await expect(page.getByRole('group', { name: 'As typed' })).toBeVisible();
  await page.keyboard.press('Enter');
}

test('a segment is built by typing conditions, counted, checked and saved', async ({ console: page, open }) => {
  await open('/segments/new');
  await expect(page.getByText('Or start from what your data suggest')).toBeVisible();
  await accessible(page);
  await type(page, 'Include', 'plan is trial');
  await exact(page);
  const trials = await people(page);
  expect(trials).toBeGreaterThan(0);
  await type(page, 'Include', 'did project_created at least 2 times in the last 60d');
  await expect.poll(() => people(page)).toBeLessThan(trials);
  await expect(page.getByText(/Reads:.*plan is trial, and did project_created at least 2 times/)).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: /\d people match/ })).toHaveCount(1);

  await page.getByRole('textbox', { name: 'Name' }).fill('Busy trials');
  await page.getByRole('button', { name: 'Save…' }).click();
  await expect(page.getByText(/It will hold [\d,]+ (person|people)/)).toBeVisible();
  await accessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/segments\/busy-trials$/);
  await expect(page.getByText(/^Saved\. Busy trials holds/)).toBeVisible();
});
