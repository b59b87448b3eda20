import { accessible, expect, test } from './carpel';

test('the guest is let in, finds every screen, and switches the colours', async ({ console: page }) => {
  for (const screen of ['People', 'Activity', 'Segments', 'Data', 'Settings', 'Home']) {
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: screen }).click();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await accessible(page);
  await page.getByRole('button', { name: /^Show in (dark|light) colours$/ }).click();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', /dark|light/);
});

test('⌘K leads to a segment by keyboard alone', async ({ console: page }) => {
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: 'Go to' }).fill('power');
  await expect(page.getByText('Power users').first()).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/segments\/power-users/);
});

test('the menus of the frame are walked by keyboard, and Escape gives the focus back', async ({ console: page }) => {
  const you = page.getByRole('button', { name: 'You' });
  await you.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Your role here' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Log out' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Your role here' })).toBeFocused();
  await accessible(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu', { name: 'You' })).toBeHidden();
  await expect(you).toBeFocused();
  await page.getByRole('button', { name: 'Switch the workspace' }).click();
  await expect(page.getByRole('menuitem', { name: /demo/ })).toBeFocused();
  await page.mouse.click(600, 500);
  await expect(page.getByRole('menu', { name: 'Switch the workspace' })).toBeHidden();
});

test('a page asks about one workspace alone: hovering over another changes nothing, going there begins anew', async ({
  console: page,
}) => {
  const here = new URL(page.url()).pathname.split('/')[2] ?? '';
  const other = await page.evaluate(async (workspace) => {
    const answer = await fetch('/api/workspaces', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Carpel-Workspace': workspace },
      body: JSON.stringify({ name: 'Another' }),
    });
    return (await answer.json()).workspace.id as string;
  }, here);
  await page.reload();
  const asked: { about?: string; from: string }[] = [];
  page.on('request', (request) => {
    if (/api\/(segments|overview|people)/.test(request.url()))
      asked.push({ about: request.headers()['carpel-workspace'], from: page.url() });
  });
  await page.getByRole('button', { name: 'Switch the workspace' }).click();
  await page.getByRole('menuitem', { name: /Another/ }).hover();
  await page.waitForTimeout(300); // a hovered link is made ready
  await page.keyboard.press('Escape');
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Segments' }).click();
  await expect(page.getByRole('link', { name: 'Power users', exact: true })).toBeVisible();
  expect(asked.length).toBeGreaterThan(0);
  expect(new Set(asked.map((a) => a.about))).toEqual(new Set([here]));
  await page.getByRole('button', { name: 'Switch the workspace' }).click();
  await page.getByRole('menuitem', { name: /Another/ }).click();
  await expect(page.getByRole('heading', { name: 'Get your people in' })).toBeVisible();
  asked.length = 0;
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Segments' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Segments' })).toBeVisible();
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  expect(new Set(asked.map((a) => a.about))).toEqual(new Set([other]));
  await page.goBack();
  await page.goBack();
  await expect(page.getByRole('link', { name: 'Power users', exact: true })).toBeVisible();
});
