import { accessible, expect, test } from './carpel';

test('names are found, and begin a segment', async ({ console: page, open }) => {
  await open('/data/names');
  await expect(page.getByRole('link', { name: 'project_created', exact: true })).toBeVisible();
  await accessible(page);
  await page
    .getByRole('row', { name: /project_created/ })
    .getByRole('link', { name: 'properties' })
    .click();
  await expect(page).toHaveURL(/kind=property&event=project_created/);
  await expect(page.getByRole('link', { name: /^kanban/ })).toBeVisible();
  await accessible(page);
  await page.getByRole('combobox', { name: 'Kind' }).click();
  await page.getByRole('option', { name: 'Attributes' }).click();
  await page.getByRole('textbox', { name: 'Begins with' }).fill('pl');
  await expect(page.getByRole('row')).toHaveCount(2); // the head, and plan
  await page.getByRole('link', { name: /^enterprise/ }).press('Enter');
  await expect(page).toHaveURL(/segments\/new/);
  await expect(page.getByText(/enterprise/).first()).toBeVisible();
});

const people = `Customer ID;Mail;plan;note
c1;c1@example.com;pro;a
c2;c2@example.com;free;b
;;pro;nobody
`;

test('a file is mapped, tried and taken, and tells which rows were not', async ({ console: page, open }) => {
  test.slow(); // a dry run and an import
  await open('/data/imports');
  await expect(page.getByRole('heading', { name: 'No file was imported yet' })).toBeVisible();
  await accessible(page);
  await page.getByRole('link', { name: 'Import a file' }).press('Enter');
  await page
    .getByLabel('File to import')
    .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(people) });
  await expect(page.getByRole('combobox', { name: 'Customer ID is taken as' })).toHaveValue('User id');
  await expect(page.getByRole('combobox', { name: 'Mail is taken as' })).toHaveValue('Email');
  await expect(page.getByText('pro · free')).toBeVisible();
  await page.getByRole('combobox', { name: 'note is taken as' }).click();
  await page.getByRole('option', { name: 'Leave out' }).click();
  await page.getByRole('textbox', { name: 'Attribute that plan becomes' }).fill('imported_plan');
  await accessible(page);
  await page.getByRole('button', { name: 'Try it without taking anything' }).press('Enter');
  await expect(page.getByRole('row', { name: 'Rows would be taken 2' })).toBeVisible();
  await expect(page.getByRole('row', { name: /^4 Would be rejected the row names nobody/ })).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Import 2 rows' }).press('Enter');
  await expect(page.getByRole('row', { name: 'Rows taken 2' })).toBeVisible();
  await accessible(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download all as CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/-rejected\.csv$/);
  await open('/people/c1');
  await expect(page.getByText('imported_plan').first()).toBeVisible();
  await open('/data/imports');
  await expect(page.getByRole('link', { name: 'people.csv' })).toHaveCount(2);
  await accessible(page);
});

test('what is missing of a file of events is told', async ({ console: page, open }) => {
  await open('/data/imports/new');
  await page.getByLabel('File to import').setInputFiles({
    name: 'orders.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('who,day,total\nc1,2026-11-01,5\n'),
  });
  await page.getByRole('radio', { name: 'Events' }).check();
  await expect(page.getByText('Say which column tells who a row is about')).toBeVisible();
  await page.getByRole('combobox', { name: 'who is taken as' }).click();
  await page.getByRole('option', { name: 'User id' }).click();
  await page.getByRole('combobox', { name: 'day is taken as' }).click();
  await page.getByRole('option', { name: 'Time of the event' }).click();
  await expect(page.getByText('Say which column is the name of the event')).toBeVisible();
  await page.getByRole('textbox', { name: 'Name of all events' }).fill('ordered');
  await page.getByRole('button', { name: 'Try it without taking anything' }).click();
  await expect(page.getByRole('button', { name: 'Import 1 rows' })).toBeVisible();
  await page
    .getByLabel('File to import')
    .setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('') });
  await expect(page.getByRole('alert')).toContainText('the file is empty');
});

test('what was refused is listed with the reason, and taken again', async ({ console: page, open, demo }) => {
  await open('/data/rejected');
  await expect(page.getByRole('heading', { name: 'Nothing was refused' })).toBeVisible();
  const key = demo.run('key', 'create', '--kind', 'sk', '--name', 'tests').match(/sk_\w+/)?.[0];
  const send = (body: unknown) =>
    fetch(`${demo.url}/v1/track`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${key}:`)}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  await send({ userId: 'r1', event: 'x'.repeat(200) });
  await send({ event: 'nobody did it' });
  await page.reload();
  await expect(page.getByRole('listitem')).toHaveCount(2);
  await accessible(page);
  await page.getByRole('listitem').first().getByRole('button').first().press('Enter');
  await expect(page.getByRole('region', { name: 'Item as it came' })).toContainText('nobody did it');
  await accessible(page);
  await page.getByRole('button', { name: 'Take it again' }).press('Enter');
  await expect(page.getByText('0 taken, 1 refused again')).toBeVisible();
  await page.getByRole('combobox', { name: 'Reason' }).click();
  await page.getByRole('option', { name: /\(1\)/ }).first().click();
  await expect(page).toHaveURL(/code=/);
  await expect(page.getByRole('listitem')).toHaveCount(1);
});

test('keys and snippets of a workspace with data', async ({ console: page, open }) => {
  await open('/data/sources');
  await expect(page.getByText('Receiving.')).toBeVisible();
  await page.getByRole('tab', { name: 'Browser' }).press('Enter');
  await expect(page.getByRole('region', { name: 'Snippet' })).toContainText('YOUR_BROWSER_KEY');
  await page.getByRole('button', { name: 'Make a key and put it in' }).click();
  await expect(page.getByRole('region', { name: 'Snippet' })).toContainText("writeKey: 'pk_");
  await expect(page.getByRole('row', { name: /^Browser Browser/ })).toBeVisible();
  await page.setViewportSize({ width: 400, height: 800 });
  await accessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
});
