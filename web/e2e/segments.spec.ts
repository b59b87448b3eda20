import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { accessible, expect, start, test, watch } from './carpel';

const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`Compare ${name}`) });
const names = (page: Page) => page.locator('tbody td:nth-child(2) a').allTextContents();
/** Chooses from the menu of a segment in the list. */
async function choose(page: Page, name: string, item: string | RegExp) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
}
/** Goes to a tab of a segment. */
const tab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

test.describe('the list', () => {
  test('is searched, filtered and sorted, and says so in its address', async ({ console: page, open }) => {
    await open('/segments');
    await expect(row(page, 'Power users')).toContainText('was active on at least 10 different days');
    await accessible(page);
    await page.getByRole('textbox', { name: 'Find segments' }).fill('newsletter');
    await expect(page).toHaveURL(/search=newsletter/);
    await expect(page.getByText(/^1 segment of \d+$/)).toBeVisible();
    await page.getByRole('button', { name: 'Empty the search' }).click();

    await page.getByRole('combobox', { name: 'Kind' }).click();
    await page.getByRole('option', { name: 'By hand' }).click();
    await expect(page).toHaveURL(/kind=manual/);
    await expect.poll(() => names(page)).toEqual(['Beta testers']);
    await page.getByRole('combobox', { name: 'Kind' }).click();
    await page.getByRole('option', { name: 'By hand' }).click(); // once more: any kind again

    await page.getByRole('combobox', { name: 'Tag' }).click();
    await page.getByRole('option', { name: 'retention' }).click();
    await expect(page).toHaveURL(/tag=retention/);
    await page.getByRole('button', { name: 'People' }).click();
    await expect(page).toHaveURL(/sort=-count/);
    const counts = await page.locator('tbody td:nth-child(3)').allTextContents();
    const numbers = counts.map((c) => Number(c.replaceAll(',', '')));
    expect(numbers.length).toBeGreaterThan(1);
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    await page.reload();
    await expect(page.getByRole('columnheader', { name: 'People' })).toHaveAttribute('aria-sort', 'descending');

    await open('/segments?search=nothing-like-it');
    await expect(page.getByRole('heading', { name: 'No segment is like that' })).toBeVisible();
    await page.getByRole('link', { name: 'Show all' }).click();
    await expect(row(page, 'Beta testers')).toBeVisible();
  });

  test('pauses and resumes, and refuses to take away what is in use', async ({ console: page, open }) => {
    test.slow(); // many steps
    await open('/segments');
    await choose(page, 'Big spenders', 'Pause');
    await expect(row(page, 'Big spenders')).toContainText('Paused');
    await choose(page, 'Big spenders', 'Resume');
    await expect(row(page, 'Big spenders')).toContainText('Live');

    await choose(page, 'Power users', 'Delete…');
    const refusal = page.getByRole('dialog', { name: 'Delete Power users' });
    await expect(refusal.getByRole('link', { name: 'Ready for a larger plan' })).toBeVisible();
    await expect(refusal.getByRole('button', { name: 'Delete', exact: true })).toHaveCount(0);
    await accessible(page);
    await refusal.getByRole('button', { name: 'Close' }).last().click();
  });

  test('archives, restores and deletes', async ({ console: page, open }) => {
    await open('/segments');
    await choose(page, 'Came by every week', 'Archive…');
    await page.getByRole('dialog').getByRole('button', { name: 'Archive', exact: true }).click();
    await expect(row(page, 'Came by every week')).toHaveCount(0);
    await open('/segments?state=archived');
    await page.getByRole('button', { name: 'Actions for Came by every week' }).click();
    await page.getByRole('menuitem', { name: 'Restore' }).click();
    await expect(page.getByRole('heading', { name: 'No segment is archived' })).toBeVisible();
    await open('/segments');
    await expect(row(page, 'Came by every week')).toContainText('Live');

    await choose(page, 'On an old app', 'Delete…');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Actions for On an old app' })).toHaveCount(0);
  });

  test('renames, copies every form, and leads to the builder', async ({ console: page, open, context }) => {
    test.slow(); // many steps
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await open('/segments');
    await choose(page, 'Power users', 'Copy as YAML');
    await expect.poll(clipboard).toBe('event: "*"\ndays:\n  at_least: 10\nwhen:\n  last: "30d"');
    await choose(page, 'Power users', 'Copy as JSON');
    await expect.poll(clipboard).toContain('"at_least": 10');
    await choose(page, 'Power users', 'Copy as text');
    await expect.poll(clipboard).toBe('did anything on at least 10 days in the last 30d');

    await choose(page, 'Signed up recently', 'Name and tags…');
    const dialog = page.getByRole('dialog', { name: 'Name and tags' });
    await accessible(page);
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Signed up this week');
    await dialog.getByRole('combobox', { name: 'Tags' }).fill('fresh');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab'); // away from the list of tags
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(row(page, 'Signed up this week')).toContainText('fresh');

    await choose(page, 'Power users', 'Duplicate');
    await expect(page).toHaveURL(/segments\/new\?.*from=power-users/);
    await page.goBack();
    await choose(page, 'Power users', 'Edit');
    await expect(page).toHaveURL(/segments\/power-users\/edit/);
    await page.goBack();
    await page.getByRole('link', { name: 'New segment' }).click();
    await expect(page).toHaveURL(/segments\/new$/);
  });

  test('is worked by keyboard alone', async ({ console: page, open }) => {
    await open('/segments');
    await page.getByRole('textbox', { name: 'Find segments' }).focus();
    await page.keyboard.type('beta');
    await expect(page).toHaveURL(/search=beta/);
    await expect.poll(() => names(page)).toEqual(['Beta testers']);
    const menu = page.getByRole('button', { name: 'Actions for Beta testers' });
    for (let i = 0; i < 20 && !(await menu.evaluate((e) => e === document.activeElement)); i++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitem', { name: 'Name and tags…' })).toBeVisible();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Escape');
    await expect(menu).toBeFocused();
    await page.keyboard.press('Shift+Tab');
    const link = page.getByRole('link', { name: 'Beta testers' });
    for (let i = 0; i < 5 && !(await link.evaluate((e) => e === document.activeElement)); i++)
      await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/segments\/beta-testers/);
  });
});

test.describe('a segment', () => {
  test('shows its sentence, its size over time and its conditions', async ({ console: page, open }) => {
    await open('/segments/active-trials-worth-a-call');
    await expect(page.getByText(/^Everybody who plan is trial/)).toBeVisible();
    await expect(page.getByText(/% of everybody$/)).toBeVisible();
    const curve = page.getByRole('slider', { name: 'Size over time' });
    await expect(curve).toBeVisible();
    await expect(page.getByRole('list', { name: 'Conditions' }).getByRole('listitem')).toHaveCount(4);
    await accessible(page);
    await curve.focus();
    await page.keyboard.press('End');
    await expect(curve).toHaveAttribute('aria-valuetext', /\d people, \d+ joined, \d+ left$/);
    await page.getByText('90 days').click();
    await expect(page).toHaveURL(/range=90d/);
    await page.getByRole('button', { name: 'Show the time before' }).click();
    await expect(page).toHaveURL(/past=true/);
    await expect(page.getByText(/^Created .* Dotted: /)).toBeVisible();
    await page.getByRole('button', { name: 'As a table' }).click();
    await expect(page.getByRole('table', { name: 'Size over time' }).getByRole('row')).not.toHaveCount(0);
    await accessible(page);
  });

  test('lists its people, says who is in it and why, and is exported', async ({ console: page, open }) => {
    await open('/segments/has-a-mobile-device?tab=people');
    const table = page.getByRole('table', { name: 'People' });
    await expect(table.getByRole('link').first()).toBeVisible();
    await accessible(page);
    const box = page.getByRole('region', { name: 'People in the segment' });
    await box.evaluate((e) => e.scrollTo(0, e.scrollHeight)); // straight to the end, pages between unread
    const end = (await table.getAttribute('aria-rowcount')) ?? '';
    await expect(table.locator(`tr[aria-rowindex="${end}"]`).getByRole('link')).toBeVisible();

    await page.getByRole('combobox', { name: 'Is somebody in it?' }).fill('u00042');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/person=u00042/);
    await expect(page.getByText(/is (not )?in it$/)).toBeVisible();
    await page.getByRole('button', { name: 'Look for nobody' }).click();

    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: /^CSV/ }).click();
    const file = await (await download).path();
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines[0]).toBe('key,id,email,entered_at');
    expect(lines.length).toBeGreaterThan(100);
  });

  test('tells who joins and leaves as it happens, and holds still', async ({ console: page, open }) => {
    await open('/segments/beta-testers?tab=people');
    const add = async (id: string) => {
      await page.getByRole('button', { name: 'Add people' }).click();
      await page.getByText('Paste a list').click();
      await page.getByRole('textbox', { name: /one a line/ }).fill(id);
      await page.getByRole('button', { name: 'Add 1 person' }).click();
      await page.getByRole('button', { name: 'Done' }).click();
    };
    await add('u00007');
    await tab(page, 'Activity');
    const feed = page.getByRole('list', { name: 'Changes, newest first' });
    await expect(feed.getByRole('listitem').first()).toContainText(/joined/);
    await expect(feed.getByRole('listitem').first()).toContainText('by hand');
    await accessible(page);
    const other = await page.context().newPage();
    await other.goto(page.url().replace('activity', 'people'));
    await page.getByRole('button', { name: 'Pause' }).click();
    const before = await feed.getByRole('listitem').count();
    await other.getByRole('button', { name: 'Add people' }).click();
    await other.getByText('Paste a list').click();
    await other.getByRole('textbox', { name: /one a line/ }).fill('u00008');
    await other.getByRole('button', { name: 'Add 1 person' }).click();
    await expect(page.getByRole('button', { name: 'Go on, 1 change waiting' })).toBeVisible();
    expect(await feed.getByRole('listitem').count()).toBe(before);
    await page.getByRole('button', { name: /^Go on/ }).click();
    await expect(feed.getByRole('listitem')).toHaveCount(before + 1);
    await page.getByText('Left', { exact: true }).click();
    await expect(feed.getByRole('listitem')).toHaveCount(0);
  });

  test('is compared: ticked in the list, drawn, and a part becomes a segment', async ({ console: page, open }) => {
    await open('/segments');
    await page.getByRole('checkbox', { name: 'Compare Power users' }).check();
    await page.getByRole('checkbox', { name: 'Compare Has a mobile device' }).check();
    await page.getByRole('region', { name: 'Ticked segments' }).getByRole('link', { name: 'Compare' }).click();
    await expect(page).toHaveURL(/tab=overlap/);
    await expect(page.getByRole('img', { name: /as circles/ })).toBeVisible();
    const parts = page.getByRole('list', { name: 'Parts' }).getByRole('listitem');
    await expect(parts).toHaveCount(3);
    await accessible(page);

    // A third and a fourth by keyboard alone: with four there are bars only.
    await page.getByRole('combobox', { name: /^Compare .* with$/ }).focus();
    await page.keyboard.type('Opened an email');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/opened-an-email-recently/);
    await expect(page.getByRole('img', { name: /as circles/ })).toBeVisible();
    await page.keyboard.type('Big');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/big-spenders/);
    await expect(page.getByRole('img', { name: /as circles/ })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await accessible(page);
    await page
      .getByRole('link', { name: /^Make a segment of/ })
      .first()
      .click();
    await expect(page).toHaveURL(/segments\/new\?.*definition=/);
  });

  test('shows its versions, and what going back would do', async ({ console: page, open, demo }) => {
    demo.run('segment', 'edit', 'opened-an-email-recently', '--definition', 'message email opened in the last 14d');
    await open('/segments/opened-an-email-recently?tab=history');
    const versions = page.getByRole('list', { name: 'Versions, newest first' });
    await expect(versions.getByRole('listitem')).toHaveCount(2);
    await expect(versions.locator('del')).toHaveText(/30/);
    await expect(versions.locator('ins')).toHaveText(/14/);
    await accessible(page);
    await page.getByRole('button', { name: 'Restore version 1' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText(/ → /)).toBeVisible();
    await accessible(page);
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await expect(versions.getByRole('listitem')).toHaveCount(3);
    await tab(page, 'Overview');
    await expect(page.getByText('Everybody who opened an email in the last 30 days.')).toBeVisible();
  });

  test('says where it is used, and how programs ask for it', async ({ console: page, open, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open('/segments/power-users');
    await page.getByRole('tab', { name: 'Overview' }).focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    await expect(page).toHaveURL(/tab=uses/);
    await expect(page.getByRole('link', { name: 'Ready for a larger plan' })).toBeVisible();
    await accessible(page);
    await tab(page, 'API');
    await page.getByText('Python').click();
    await page.getByRole('button', { name: 'Copy: Everybody in it' }).click();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toContain(`${new URL(page.url()).origin}/api/segments/power-users/members`);
    await accessible(page);
  });

  test('made by hand takes people by name, by list and by file, and lets them go', async ({ console: page, open }) => {
    test.slow(); // many steps
    await open('/segments');
    await page.getByRole('button', { name: 'More ways to make a segment' }).click();
    await page.getByRole('menuitem', { name: /^Manual segment/ }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Friends of the house');
    await accessible(page);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/segments\/friends-of-the-house\?tab=people/);
    await expect(page.getByRole('heading', { name: 'Nobody is in it' })).toBeVisible();

    await page.getByRole('button', { name: 'Add people' }).first().click();
    await page.getByRole('combobox', { name: 'People' }).fill('u00010');
    await page.getByRole('option').first().click();
    await page.getByRole('button', { name: 'Add 1 person' }).click();
    await expect(page.getByText('1 person is in it now')).toBeVisible();
    await page.getByRole('button', { name: 'Done' }).click();

    await page.getByRole('button', { name: 'Add people' }).click();
    await page.getByText('CSV file').first().click();
    const csv = 'id,note\nu00001,a\nu00002,b\nnobody-at-all,c\n';
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'CSV file' }).click(),
    ]);
    await chooser.setFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByRole('button', { name: 'Add everybody in it' }).click();
    await expect(page.getByText('2 people are in it now')).toBeVisible();
    await expect(page.getByText('id:nobody-at-all')).toBeVisible();
    await accessible(page);
    await page.getByRole('button', { name: 'Done' }).click();

    const table = page.getByRole('table', { name: 'People' });
    await expect(table.getByRole('row')).toHaveCount(4);
    await table.getByRole('checkbox').nth(0).check();
    await table.getByRole('checkbox').nth(1).check();
    await accessible(page);
    await page.getByRole('button', { name: 'Take out 2 people' }).click();
    await page.getByRole('button', { name: 'Take out', exact: true }).click();
    await expect(table.getByRole('row')).toHaveCount(2);

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(page).toHaveURL(/segments$/);
  });

  test('that is not there says so', async ({ console: page, open }) => {
    await open('/segments/no-such-thing');
    await expect(page.getByRole('alert')).toContainText('there is no segment');
  });
});

test('who only looks is offered no changes', async ({ demo, browser }) => {
  const link = demo.run('user', 'invite', 'vera@example.com', '--role', 'viewer').trim();
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = watch(page);
  await page.goto(link.replace(/^https?:\/\/[^/]+/, demo.url));
  await page.getByRole('textbox', { name: 'Name' }).fill('Vera');
  await page.getByLabel('Password').first().fill('a long enough password');
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Segments' }).click();
  await expect(row(page, 'Power users')).toBeVisible();
  await expect(page.getByRole('link', { name: 'New segment' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Actions for Power users' }).click();
  await expect(page.getByRole('menuitem')).toHaveText(['Compare', 'Copy as JSON', 'Copy as YAML', 'Copy as text']);
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Power users', exact: true }).click();
  await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);
  expect(faults).toEqual([]);
  await context.close();
});

test('a workspace without a segment proposes some', async ({ browser }) => {
  const carpel = await start('demo', '--people', '300', '--rate', '0');
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(carpel.url);
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Segments' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Segments' })).toBeVisible();
  await page.evaluate(async () => {
    const { segments } = await (await fetch('/api/segments?limit=1000')).json();
    for (const s of segments.toReversed()) await fetch(`/api/segments/${s.id}`, { method: 'DELETE' });
    for (const s of segments) await fetch(`/api/segments/${s.id}`, { method: 'DELETE' });
  });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'No segment yet: begin with one of these' })).toBeVisible();
  await accessible(page);
  await page
    .getByRole('link', { name: /people now$/ })
    .first()
    .click();
  await expect(page).toHaveURL(/segments\/new\?.*definition=/);
  await context.close();
  await carpel.stop();
});
