import { readFileSync } from 'node:fs';
import { accessible, expect, join, test, watch } from './carpel';

test('people are found by email and by attribute, with columns of choice', async ({ console: page, open }) => {
  await open('/people');
  const table = page.getByRole('table');
  await expect(table.getByRole('row').nth(5)).toBeVisible();

  await page.getByRole('textbox', { name: 'Search people' }).fill('u0004');
  await expect(page).toHaveURL(/search=u0004/);
  await expect(page.getByText('10 in all')).toBeVisible();
  await page.getByRole('textbox', { name: 'Search people' }).fill('no-such-id');
  await expect(page.getByText('Nobody like that')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the search' }).click();

  await page.getByRole('combobox', { name: 'Attribute' }).fill('plan');
  await page.getByRole('option', { name: 'plan', exact: true }).click();
  await page.getByRole('combobox', { name: 'Value' }).fill('pro');
  await expect(page).toHaveURL(/attribute=plan&value=pro/);
  await expect(table.getByRole('row').nth(1)).toContainText('pro');

  await page.getByRole('button', { name: 'Columns' }).click();
  await expect(page.getByRole('combobox', { name: 'Attributes shown' })).toBeFocused();
  await accessible(page);
  await page.getByRole('combobox', { name: 'Attributes shown' }).fill('seats');
  await page.getByRole('option', { name: 'seats' }).click();
  await expect(table.getByRole('columnheader', { name: 'seats' })).toBeVisible();
  await expect(page).toHaveURL(/columns=/);
});

test('a long list reads on as one scrolls, and keeps few rows', async ({ console: page, open }) => {
  await open('/people');
  await expect(page.getByText(/^The first 100;/)).toBeVisible();
  await page.mouse.move(600, 500);
  await page.mouse.wheel(0, 20_000);
  await expect(page.getByText(/^The first [2-9]00;/)).toBeVisible();
  expect(await page.getByRole('row').count()).toBeLessThan(80);
});

test('a list is saved as a file, whole', async ({ console: page, open }) => {
  await open('/people?search=u0004');
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'CSV' }).click();
  const lines = readFileSync(await (await download).path(), 'utf8')
    .trim()
    .split('\n');
  expect(lines.length).toBe(11);
});

test('why somebody is in a segment, and until when, by keyboard alone', async ({ console: page, open }) => {
  await open('/people?search=u00042');
  await page.getByRole('textbox', { name: 'Search people' }).focus();
  const person = page.getByRole('table').getByRole('link').first();
  await expect(person).toBeVisible();
  for (let i = 0; i < 8 && !(await person.evaluate((e) => e === document.activeElement)); i++) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Amaya Gerlach' })).toBeVisible();
  await expect(page.getByText('u00042').first()).toBeVisible();
  await accessible(page);

  const membership = page.getByRole('button', { name: /^Opened an email recently/ });
  await expect(membership).toContainText(/leaves \d+ \w+/);
  await membership.focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/why=opened-an-email-recently/);
  const why = page.getByRole('list', { name: /^Why/ });
  await expect(why).toContainText('Matches:opened an email in the last 30 days');
  await expect(why).toContainText(/until \d+ \w+/);

  const choose = page.getByRole('combobox', { name: 'Check another segment' });
  await choose.focus();
  await page.keyboard.type('At risk of');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Not in', { exact: true })).toBeVisible();
  await expect(why).toContainText('Does not match:All of these');
  await accessible(page);
});

test('the timeline is by days, narrowed in the address, and opens', async ({ console: page, open }) => {
  await open('/people/id:u00042');
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await expect(page.getByRole('region', { name: /day, \d+ \w+ 2026|day \d+ \w+ 2026/ }).first()).toBeVisible();
  await page.getByRole('button', { name: 'project_created' }).first().click();
  await expect(page.getByText('template', { exact: true })).toBeVisible();
  await accessible(page);
  await page.getByText('Messages', { exact: true }).click();
  await expect(page).toHaveURL(/kind=message/);
  await expect(page.getByRole('button', { name: /^Email/ }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'project_created' })).toHaveCount(0);
  await page.getByRole('combobox', { name: 'Name' }).fill('no such');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Nothing like that')).toBeVisible();
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.getByRole('tab', { name: /Devices/ }).click();
  await expect(page.getByText('Android', { exact: true })).toBeVisible();
  await accessible(page);
});

test('somebody is exported whole, then erased for ever', async ({ console: page, open, demo }) => {
  const shown = JSON.parse(demo.run('person', 'show', 'u00051', '-o', 'json'));
  await open('/people/id:u00051');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const file = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
  expect(file.person.key).toBe(shown.key ?? shown.person?.key);
  expect(file.events.length).toBeGreaterThan(0);
  expect(Object.keys(file)).toEqual(['exported_at', 'person', 'devices', 'segments', 'events']);

  await page.getByRole('button', { name: 'Erase…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('within 7 days');
  await accessible(page);
  const confirm = dialog.getByRole('button', { name: 'Erase for ever' });
  await expect(confirm).toBeDisabled();
  await dialog.getByRole('textbox').fill('u00051');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible();
  await open('/people/id:u00051');
  await expect(page.getByText('There is no such person')).toBeVisible();
  await accessible(page);
});

test('who may only look is not offered to erase; on a narrow screen everything fits', async ({ browser, demo }) => {
  const context = await browser.newContext({ viewport: { width: 400, height: 850 } });
  const page = await context.newPage();
  const faults = watch(page);
  try {
    await join(page, demo, 'onlooker@example.com', 'viewer');
    const inside = new URL(page.url()).pathname.replace(/^(\/w\/[^/]+).*/, '$1');
    for (const screen of [
      '',
      '/people?search=u0001',
      '/activity?name=signed_up',
      '/people/id:u00001?tab=timeline',
      '/people/id:u00001',
    ]) {
      await page.goto(`${demo.url}${inside}${screen}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
    }
    await accessible(page);
    await expect(page.getByRole('button', { name: 'Export' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Erase…' })).toHaveCount(0);
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
});
