import { accessible, expect, join, start, test, watch } from './carpel';

test('home tells how things stand, and leads on', async ({ console: page, open }) => {
  await open('');
  await expect(page.getByText(/^Exact as of \d\d:\d\d:\d\d UTC$/)).toBeVisible();
  await expect(page.getByText('People', { exact: true }).last()).toBeVisible();
  await expect(page.getByRole('img', { name: /in the last \d+ minutes?, at most/ })).toBeVisible();
  const moved = page.getByRole('region', { name: 'Moved most' });
  await expect(moved.getByRole('row').nth(1)).toContainText(/\+[\d,]+/);
  const trickle = page.getByRole('region', { name: 'Coming in' });
  await expect(trickle.getByRole('listitem').first()).toBeVisible();
  const recipe = page.getByRole('region', { name: 'From your data' }).getByRole('link').first();
  await expect(recipe).toContainText(/people now/);
  await accessible(page);
  await recipe.click();
  await expect(page).toHaveURL(/segments\/new\?definition=/);
});

test('figures move by themselves', async ({ console: page, open }) => {
  await open('');
  const at = page.getByText(/^Exact as of/);
  const before = await at.textContent();
  await expect(at).not.toHaveText(before ?? '');
});

test('the activity is followed, paused and narrowed', async ({ console: page, open }) => {
  await open('/activity');
  const stream = page.getByRole('list', { name: 'What came in' });
  await expect(stream.getByRole('listitem').first()).toBeVisible();
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).click();
  const first = await stream.getByRole('listitem').first().textContent();
  await expect(page.getByRole('button', { name: /^Show \d+ new$/ })).toBeVisible();
  expect(await stream.getByRole('listitem').first().textContent()).toBe(first);

  await page.getByRole('textbox', { name: 'Name or kind' }).fill('project_created');
  await expect(page).toHaveURL(/name=project_created/);
  await stream.getByRole('button', { name: 'project_created' }).first().click();
  await expect(stream.getByText('template')).toBeVisible();
  await page.getByRole('textbox', { name: 'Person' }).fill('1@');
  await accessible(page);
  await page.getByRole('textbox', { name: 'Person' }).fill('nobody-like-that');
  await expect(page.getByText('Nothing like that yet')).toBeVisible();
  await page.getByRole('button', { name: 'Clear: Person' }).click();
  await page.getByRole('button', { name: /^Show \d+ new$/ }).click();
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
});

test('the activity by keyboard alone: pause, open one, go to the person', async ({ console: page, open }) => {
  await open('/activity?name=project_created');
  await expect(page.getByRole('button', { name: 'project_created' }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Paused')).toBeVisible();
  await page.getByRole('textbox', { name: 'Person' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByText('template').first()).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/people\/p_/);
});

test('a workspace without data says what to do', async ({ page }) => {
  const carpel = await start('serve');
  const faults = watch(page);
  try {
    await join(page, carpel, 'first@example.com', 'admin');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    const inside = new URL(page.url()).pathname.replace(/^(\/w\/[^/]+).*/, '$1');
    await page.goto(`${carpel.url}${inside}/people`);
    await expect(page.getByText('Nobody yet')).toBeVisible();
    await accessible(page);
    await page.goto(`${carpel.url}${inside}/activity`);
    await expect(page.getByText('Waiting for the first event')).toBeVisible();
    await accessible(page);
    expect(faults).toEqual([]);
  } finally {
    await carpel.stop();
  }
});

test('what may not be followed any more is said, and not asked for again and again', async ({
  console: page,
  open,
}) => {
  let asked = 0;
  await page.route(/\/api\/activity/, (route) => {
    asked++;
    return route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{}' });
  });
  await open('/activity');
  await expect(page.getByText(/^Not followed any more/)).toBeVisible();
  const before = asked;
  await page.waitForTimeout(2_500); // longer than the pause before a stream that broke is opened again
  expect(asked).toBe(before);
});
