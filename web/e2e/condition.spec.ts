import type { Page } from '@playwright/test';
import { accessible, expect, test } from './carpel';

/** Where a condition is added to who is included. */
const adding = (page: Page) =>
  page.getByRole('region', { name: 'Include' }).getByRole('combobox', { name: 'Add a condition' }).last();
const condition = (page: Page, n: number) => page.getByRole('group', { name: `condition ${n}`, exact: true });
const pick = (page: Page, name: string | RegExp) => page.getByRole('option', { name, exact: true }).click();
const reads = (page: Page, text: string) => expect(page.getByText('Reads:').locator('..')).toContainText(text);
const counted = (page: Page) => expect(page.getByText(/^exact · \d+ ms$/).first()).toBeVisible();

/** Adds a condition by mouse: its kind, and which. */
async function add(page: Page, kind: string, which?: string | RegExp) {
  await adding(page).click();
  await page.getByRole('option', { name: new RegExp(`^${kind} `) }).click();
  if (which) await page.getByRole('option', { name: which }).first().click();
}

test('a question about an attribute is made by mouse', async ({ console: page, open }) => {
  await open('/segments/new');
  await add(page, 'Attribute', /^plan/);
  await reads(page, 'plan is free');
  await condition(page, 1).getByRole('combobox', { name: 'Operator: is' }).click();
  await pick(page, 'is any of');
  await condition(page, 1).getByRole('combobox', { name: 'Values' }).click();
  await pick(page, /^team/);
  await reads(page, 'plan is free or team');
});

test('a question about an event is made by mouse', async ({ console: page, open }) => {
  await open('/segments/new');
  await add(page, 'Event', /^project_created/);
  const did = condition(page, 1);
  await did.getByRole('button', { name: 'how often' }).click();
  await did.getByRole('combobox', { name: 'Compared: at least' }).click();
  await pick(page, 'at most');
  await did.getByRole('textbox', { name: 'Number' }).fill('90');
  await did.getByRole('button', { name: 'when' }).click();
  await did.getByRole('combobox', { name: 'How long' }).fill('12 weeks');
  await did.getByRole('button', { name: 'where' }).click();
  await did.getByRole('combobox', { name: 'Property' }).click();
  await page.getByRole('option', { name: /^template/ }).click();
  await did.getByRole('combobox', { name: 'Value' }).fill('blank');
  await reads(page, 'did project_created at most 90 times in the last 12 weeks where (template is blank)');
  await page.keyboard.press('Escape');
  await accessible(page);
});

test('questions about pages, screens and messages are made by mouse', async ({ console: page, open }) => {
  await open('/segments/new');
  await add(page, 'Page', /^\/pricing/);
  await reads(page, 'viewed the page /pricing');
  await add(page, 'Screen', /^any screen/);
  await reads(page, 'viewed a screen');
  await add(page, 'Message', /^clicked a link in/);
  await condition(page, 3)
    .getByRole('combobox', { name: /^Channel/ })
    .click();
  await pick(page, 'any message');
  await reads(page, 'clicked a link in a message');
});

test('segments, devices, sequences and samples are made by mouse', async ({ console: page, open }) => {
  await open('/segments/new');
  await add(page, 'Segment', /^Power users/);
  await condition(page, 1)
    .getByRole('combobox', { name: /^In or not/ })
    .click();
  await pick(page, 'is not in the segment');
  await reads(page, 'is not in the segment power-users');
  await add(page, 'Device', /^mobile device/);
  await condition(page, 2).getByRole('button', { name: 'where' }).click();
  await reads(page, 'has a mobile device where (platform');
  await add(page, 'Sequence');
  await condition(page, 3)
    .getByRole('combobox', { name: /^The last step/ })
    .click();
  await pick(page, 'then never');
  await reads(page, 'within the next 7 days');
  await add(page, 'Sample');
  await condition(page, 4).getByRole('textbox', { name: 'Percent' }).fill('25');
  await reads(page, 'is in the 25% sample');
  await counted(page);
  await accessible(page);
});

test('a condition is made and changed by keyboard alone', async ({ console: page, open }) => {
  await open('/segments/new');
  await adding(page).focus();
  await page.keyboard.type('attr');
  await expect(page.getByRole('option', { name: /^Attribute / })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('option', { name: /^plan/ })).toBeVisible();
  await page.keyboard.type('plan');
  await expect(page.getByRole('option', { name: /^plan/ })).toHaveAttribute('data-combobox-selected');
  await page.keyboard.press('Enter');
  const value = condition(page, 1).getByRole('combobox', { name: 'Value' });
  await expect(value).toBeFocused();
  await page.keyboard.type('pro');
  await page.keyboard.press('Escape');
  await reads(page, 'plan is pro');

  await page.keyboard.press('Shift+Tab');
  await expect(condition(page, 1).getByRole('combobox', { name: 'Operator: is' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.type('is not');
  await expect(page.getByRole('option', { name: 'is not', exact: true })).toHaveAttribute('data-combobox-selected');
  await page.keyboard.press('Enter');
  await expect(condition(page, 1).getByRole('combobox', { name: 'Operator: is not' })).toBeFocused();
  await reads(page, 'plan is not pro');

  await adding(page).focus();
  await page.keyboard.type('purchased 3 times last 30 days');
  await expect(page.getByRole('group', { name: 'As typed' })).toBeVisible();
  await page.keyboard.press('Enter');
  await reads(page, 'did purchased at least 3 times in the last 30 days');
  await expect(adding(page)).toBeFocused();
});

test('many values are pasted at once, and a part is taken away again', async ({ console: page, open }) => {
  await open('/segments/new');
  await adding(page).fill('country is any of (DE, FR) for 14d');
  await page.getByRole('option', { name: /country is DE or FR/ }).click();
  const row = condition(page, 1);
  await row.getByRole('combobox', { name: 'Values' }).evaluate((field) => {
    const data = new DataTransfer();
    data.setData('text', Array.from({ length: 40 }, (_, i) => `C${i}`).join('\n'));
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(row.getByRole('button', { name: '22 more' })).toBeVisible();
  await row.getByText('unchanged for at least').hover();
  await row.getByRole('button', { name: 'Remove unchanged for' }).click();
  await expect(row.getByText('unchanged for at least')).toBeHidden();
  await reads(page, 'country is DE, FR, C0');
});

test('a condition is edited as text, and what cannot be read is told and kept', async ({ console: page, open }) => {
  await open('/segments/new');
  await adding(page).fill('plan is pro');
  await page.getByRole('option', { name: 'plan is pro' }).click();
  await condition(page, 1).getByText('is', { exact: true }).hover();
  await condition(page, 1).getByRole('button', { name: 'More for plan' }).click();
  await page.getByRole('menuitem', { name: 'Edit as text' }).click();
  const text = page.getByRole('textbox', { name: 'Condition as text' });
  await expect(text).toHaveValue('plan is pro');
  await text.fill('seats >');
  await expect(condition(page, 1).getByText(/expected a/)).toBeVisible();
  await reads(page, 'plan is pro');
  await text.fill('seats > 10');
  await expect(condition(page, 1).getByText('seats is greater than 10')).toBeVisible();
  await text.press('Enter');
  await reads(page, 'seats is greater than 10');
  await expect(condition(page, 1).getByRole('textbox', { name: 'Number' })).toHaveValue('10');
});

test('a fault is told at the field that has it', async ({ console: page, open }) => {
  await open('/segments/new');
  await adding(page).fill('seats > 10');
  await page.getByRole('option', { name: 'seats is greater than 10' }).click();
  const number = condition(page, 1).getByRole('textbox', { name: 'Number' });
  await number.fill('many');
  await expect(number).toHaveAttribute('aria-invalid', 'true');
  await expect(number).toHaveAccessibleDescription(/takes a number/);
  await number.fill('5');
  await expect(number).not.toHaveAttribute('aria-invalid');
  await reads(page, 'seats is greater than 5');
});
