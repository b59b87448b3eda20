import type { Page } from '@playwright/test';
import { accessible, expect, test, watch } from './carpel';

const trial = { attribute: 'plan', op: 'is', value: 'trial' };
const active = { event: 'project_created', count: { at_least: 2 }, when: { last: '60d' } };
const power = { segment: 'power-users' };

const on = (definition: object) => `/segments/new?definition=${encodeURIComponent(JSON.stringify(definition))}`;
const count = (page: Page) => page.getByTestId('count').first();
const people = async (page: Page) => Number(((await count(page).textContent()) ?? '').replaceAll(',', ''));
const reads = (page: Page) => page.getByText(/^Reads: ./);
const box = (page: Page, name: string) => page.getByRole('region', { name });
/** The exact count of what stands there now. */
async function counted(page: Page) {
  await expect(page.getByText(/^exact · \d+ ms$/).first()).toBeVisible();
  return people(page);
}
/** Adds a condition as one types it. */
async function add(page: Page, to: string, text: string) {
  await box(page, to).getByRole('combobox', { name: 'Add a condition' }).last().fill(text);
  await expect(page.getByRole('group', { name: 'As typed' })).toBeVisible();
  await page.keyboard.press('Enter');
}

test('a segment is built by typing conditions, counted and saved', async ({ console: page, open }) => {
  await open('/segments/new');
  await expect(page.getByRole('region', { name: 'Start from your data' }).getByRole('button').first()).toBeVisible();
  await accessible(page);
  await add(page, 'Include', 'plan is trial');
  await expect(reads(page)).toContainText('plan is trial');
  expect(await counted(page)).toBeGreaterThan(0);
  await add(page, 'Include', 'did project_created at least 2 times in the last 60d');
  await expect(reads(page)).toContainText(
    'plan is trial, and did project_created at least 2 times in the last 60 days',
  );
  // One look at everything: people move by themselves, and two looks may differ.
  await expect(async () => {
    const [total, said, first, second] = await page.evaluate(() =>
      ['[data-testid=count]', '[role=status]', '[aria-label="condition 1"]', '[aria-label="condition 2"]'].map((at) =>
        [...document.querySelectorAll(at)].map((element) => element.textContent ?? ''),
      ),
    );
    const both = total?.[0];
    expect(said).toContain(`${both} people match`);
    const alone = /alone([\d,]+)left/.exec(first?.[0] ?? '')?.[1];
    expect(Number(alone)).toBeGreaterThan(Number(both));
    expect(second?.[0]).toContain(`left${both}without${alone}`);
  }).toPass();
  await add(page, 'Exclude', 'in segment power-users');
  await expect(page.getByRole('listitem', { name: 'exclusion 1' })).toContainText(/removes\d+/);
  await accessible(page);

  await page.getByRole('button', { name: 'Save…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/^It will hold [\d,]+ (person|people)/)).toBeVisible();
  await accessible(page);
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Busy trials');
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/segments\/busy-trials$/);
  await expect(page.getByText(/^Saved\. Busy trials holds/)).toBeVisible();
});

test('by keyboard alone: add, move, mute, undo, delete, save', async ({ console: page, open }) => {
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  const tabTo = async (name: string, back = false) => {
    for (let i = 0; i < 60 && (await focused()) !== name; i++) await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    expect(await focused()).toBe(name);
  };
  await open('/segments/new');
  await expect.poll(focused).toBe('Add a condition');
  for (const text of ['plan is trial', 'did project_created at least 2 times in the last 60d']) {
    if ((await focused()) !== 'Add a condition') await tabTo('Add a condition');
    await page.keyboard.type(text);
    await expect(page.getByRole('group', { name: 'As typed' })).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(reads(page)).toContainText(text.slice(0, 13));
  }
  await tabTo('Move condition 2', true);
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(focused).toBe('Move condition 1');
  await expect(reads(page)).toContainText(
    'did project_created at least 2 times in the last 60 days, and plan is trial',
  );
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+ArrowDown');
  await expect.poll(focused).toBe('Move exclusion 1');
  await expect(reads(page)).toContainText('plan is trial, and not (did project_created');
  await page.keyboard.press('Control+z');
  await expect(reads(page)).toContainText('plan is trial, and did project_created at least 2 times');
  await tabTo('Mute condition 1');
  await page.keyboard.press('Space');
  await expect(page.getByText('Muted: not counted')).toBeVisible();
  await expect(reads(page)).toHaveText(/^Reads: did project_created/);
  await page.keyboard.press('Control+z');
  await tabTo('Move condition 2');
  await page.keyboard.press('Delete');
  await expect(reads(page)).toHaveText('Reads: plan is trial');
  await expect.poll(focused).toBe('Move condition 1');
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(() => document.activeElement?.textContent === 'Save…')) break;
    await page.keyboard.press('Shift+Tab');
  }
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Name' })).toBeFocused();
  await page.keyboard.type('Trials by keyboard');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/segments\/trials-by-keyboard$/);
});

test('rows are dragged, grouped, muted, and every step is undone', async ({ console: page, open }) => {
  await open(on({ all: [trial, active, { none: [power] }] }));
  const start = await counted(page);
  const sentence = (await reads(page).textContent()) ?? '';
  await page
    .getByRole('button', { name: 'Move condition 2' })
    .dragTo(page.getByRole('listitem', { name: 'exclusion 1' }));
  await expect(page.getByRole('listitem', { name: 'exclusion 2' })).toBeVisible();
  await expect(page.getByRole('listitem', { name: 'condition 2' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('listitem', { name: 'condition 2' })).toBeVisible();

  await page.getByRole('button', { name: 'More for condition 1' }).click();
  await page.getByRole('menuitem', { name: 'Put in a group' }).click();
  await counted(page);
  const row = page.getByRole('listitem', { name: 'condition 1.1' });
  const { height = 0 } = (await row.boundingBox()) ?? {};
  await page
    .getByRole('button', { name: 'Move condition 2' })
    .dragTo(row, { targetPosition: { x: 80, y: height - 4 } });
  await expect(page.getByRole('listitem', { name: 'condition 1.2' })).toBeVisible();
  await expect(reads(page)).toContainText(/ or /);
  expect(await counted(page)).toBeGreaterThan(start);
  await accessible(page);
  await page.getByRole('button', { name: 'More for condition group 1' }).click();
  await page.getByRole('menuitem', { name: 'Take the group apart' }).click();
  await page.getByRole('combobox', { name: 'How many of the conditions to include by' }).selectOption('all');
  await expect(reads(page)).toHaveText(sentence);

  await page.getByRole('button', { name: 'Mute condition 1' }).click();
  await expect(page.getByText('To save, decide')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save…' })).toBeDisabled();
  await expect.poll(() => counted(page)).toBeGreaterThan(start);
  await expect(page).toHaveURL(/draft=z/);
  await page.waitForTimeout(500); // the address follows the last step a moment later
  await page.reload();
  await expect(page.getByText('Muted: not counted')).toBeVisible();
  await page.getByRole('button', { name: 'Count it again' }).first().click();
  await expect(reads(page)).toHaveText(sentence);
});

test('what was never received is repaired with one click, and a person is checked', async ({ console: page, open }) => {
  await open(on({ all: [trial, { ...active, event: 'project_creatd' }] }));
  await expect(page.getByText('The event "project_creatd" was never received.')).toBeVisible();
  await page.getByRole('button', { name: 'Use project_created' }).click();
  await expect(page.getByText(/was never received/)).toHaveCount(0);
  await expect.poll(() => counted(page)).toBeGreaterThan(0);

  const sample = page.getByRole('region', { name: 'Who matches' }).getByRole('link').first();
  const email = (await sample.textContent()) ?? '';
  await page.getByRole('combobox', { name: 'Check a person' }).fill(email.slice(0, -3));
  await page.getByRole('option', { name: email }).click();
  await expect(page.getByText('is in', { exact: true })).toBeVisible();
  await expect(page.getByRole('list', { name: /^Why/ })).toContainText('plan = trial');
  await expect(page.getByRole('listitem', { name: 'condition 1' }).getByText('The person matches')).toBeAttached();
  await accessible(page);
  await add(page, 'Include', 'plan is free');
  await expect(page.getByText('is not in', { exact: true })).toBeVisible();
  await expect(page.getByText(/Nobody passes|cannot|exclude/i).first()).toBeVisible();
});

test('text and JSON stay in step with the conditions', async ({ console: page, open }) => {
  await open(`${on({ all: [trial, active] })}&view=text`);
  const text = page.getByRole('textbox', { name: 'The definition as text' });
  await expect(text).toHaveValue('plan is trial and did project_created at least 2 times in the last 60d');
  await text.fill('plan is trial\nand did project_created at least 3 tims');
  await expect(page.getByText('Line 2, column 36')).toBeVisible();
  await expect(reads(page)).toContainText('at least 2 times');
  await accessible(page);
  await page.getByRole('button', { name: 'Use times' }).click();
  await expect(reads(page)).toContainText('at least 3 times');
  await page.getByText('JSON', { exact: true }).click();
  const json = page.getByRole('textbox', { name: 'The definition as JSON' });
  await expect(json).toHaveValue(/"at_least": 3/);
  await json.fill((await json.inputValue()).replace('"is"', '"iss"'));
  await expect(page.getByText('Line 5, column 13')).toBeVisible();
  await page.getByRole('button', { name: 'Use is' }).click();
  await expect(page.getByText(/^Line/)).toHaveCount(0);
  await json.fill('{"all": [');
  await expect(page.getByText('Line 1, column 10')).toBeVisible();
  await json.fill('{"attribute": "plan", "op": "is", "value": "pro"}');
  await expect(reads(page)).toHaveText('Reads: plan is pro');
  await page.getByText('Conditions', { exact: true }).click();
  await expect(page.getByRole('listitem', { name: 'condition 1' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(reads(page)).toContainText('at least 3 times');
});

test('numbers keep every digit from opening to saving', async ({ console: page, open, demo }) => {
  demo.run('segment', 'create', '--name', 'Long numbers', 'account is 9007199254740993 and plan is trial');
  await open('/segments/long-numbers/edit?view=json');
  const json = page.getByRole('textbox', { name: 'The definition as JSON' });
  await expect(json).toHaveValue(/9007199254740993/);
  await json.fill((await json.inputValue()).replace('9007199254740993', '9007199254740995'));
  await expect(reads(page)).toContainText('9007199254740995');
  await page.waitForURL(/draft=z/);
  await page.reload();
  await expect(json).toHaveValue(/9007199254740995/);
  await page.getByRole('button', { name: 'Save…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/segments\/long-numbers$/);
  expect(demo.run('segment', 'show', 'long-numbers')).toContain('9007199254740995');
});

test('an edit shows its impact, and a conflict has a way out', async ({ console: page, open, demo }) => {
  demo.run('segment', 'create', '--name', 'Edited here', 'plan is trial');
  await open('/segments/edited-here/edit');
  await counted(page);
  await add(page, 'Include', 'did project_created at least 2 times in the last 60d');
  await expect(reads(page)).toContainText('project_created');
  await page.getByRole('button', { name: 'Save…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/^[1-9][\d,]* leave$/)).toBeVisible(); // people move meanwhile: not to the last one
  await expect(dialog.getByText('0 join')).toBeVisible();
  await accessible(page);
  demo.run('segment', 'edit', 'edited-here', '--definition', 'plan is pro');
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog.getByText('Somebody else saved it meanwhile')).toBeVisible();
  await expect(dialog.getByText('plan is pro')).toBeVisible();
  await accessible(page);
  await dialog.getByRole('button', { name: 'Save mine over theirs' }).click();
  await expect(page).toHaveURL(/segments\/edited-here$/);
});

test('a copy begins with what it is of, and leaving with changes asks', async ({ console: page, open }) => {
  await open('/segments/new?from=power-users');
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue('Copy of Power users');
  await counted(page);
  await page.getByRole('button', { name: 'Mute condition 1' }).click();
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'People' }).click();
  await page.getByRole('button', { name: 'Stay' }).click();
  await expect(page).toHaveURL(/segments\/new/);
  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'People' }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible();
  await page.goBack();
  await expect(page.getByText('Muted: not counted')).toBeVisible();
});

test('a recipe is one click', async ({ console: page, open }) => {
  await open('/segments/new');
  const recipe = page.getByRole('region', { name: 'Start from your data' }).getByRole('button').first();
  const name = (await recipe.locator('p').first().textContent()) ?? '';
  await recipe.click();
  await expect(page.getByRole('textbox', { name: 'Name' })).toHaveValue(name);
  expect(await counted(page)).toBeGreaterThan(0);
});

test('a viewer looks and tries, and saves nothing', async ({ demo, browser }) => {
  const link = /https?:\S+/.exec(demo.run('user', 'invite', 'viewer@example.com', '--role', 'viewer'))?.[0] ?? '';
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = watch(page);
  await page.goto(demo.url + new URL(link).pathname + new URL(link).search + new URL(link).hash);
  await page.getByLabel('Your name').fill('Viewer');
  await page.getByLabel('New password').fill('a long enough password');
  await page.getByRole('button').last().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeVisible();
  await page.goto(`${page.url().replace(/\/$/, '')}/segments/power-users/edit`);
  await expect(page.getByText('you are a viewer here')).toBeVisible();
  expect(await counted(page)).toBeGreaterThan(0);
  await expect(page.getByRole('button', { name: 'Save…' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^(Mute|Move) / })).toHaveCount(0);
  await accessible(page);
  expect(faults).toEqual([]);
  await context.close();
});

test('a number beyond what a browser can count to is kept as it came in the address', async ({
  console: page,
  open,
}) => {
  const big = '90071992547409931'; // 2^53 and some
  await open(`/segments/new?definition=${encodeURIComponent(`{"attribute":"account","op":"is","value":${big}}`)}`);
  await expect(reads(page)).toContainText(big);
  await page.getByText('JSON', { exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'The definition as JSON' })).toHaveValue(new RegExp(big));
});

test('an edit is saved only when something is changed, and tells what is odd', async ({ console: page, open }) => {
  await open('/segments/power-users/edit');
  const save = page.getByRole('button', { name: 'Save…' });
  await expect(save).toBeDisabled();
  await add(page, 'Include', 'did never_sent_event at least 2 times');
  await expect(save).toBeEnabled();
  await counted(page);
  await save.click();
  await expect(page.getByRole('dialog').getByText('1 warning is still open')).toBeVisible();
  await expect(page.getByRole('dialog').getByRole('status')).toContainText('never_sent_event');
  await accessible(page);
});

test('a count below nought becomes nought, and an event that never came is not slipped into', async ({
  console: page,
  open,
}) => {
  await open(on(active));
  const field = page.getByRole('textbox', { name: 'Number' }).first();
  await field.fill('-3');
  await field.blur();
  await expect(field).toHaveValue('0');
  await box(page, 'Include')
    .getByRole('combobox', { name: 'Add a condition' })
    .last()
    .fill('did project at least 2 times');
  await expect(page.getByRole('group', { name: 'As typed' })).toContainText('project was never received');
  await expect(page.locator('[data-combobox-selected]')).toContainText('did project_created at least 2 times');
});

test('where a match takes out, the person who is checked is said to be excluded by it', async ({
  console: page,
  open,
  demo,
}) => {
  const { members } = JSON.parse(demo.run('segment', 'members', 'power-users', '-o', 'json', '--limit', '1'));
  await open(`${on({ none: [power] })}&check=${members[0].key}`);
  await expect(page.getByRole('listitem', { name: 'exclusion 1' })).toContainText('The person is excluded by this');
});
