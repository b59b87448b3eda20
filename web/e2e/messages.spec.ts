import { accessible, expect, test } from './carpel';

test('a template is begun from a starter, previewed with a person, and saved', async ({ console: page, open }) => {
  await open('/templates');
  await page.getByRole('button', { name: 'New template' }).first().click();
  await page.getByLabel('Name').fill('Welcome aboard');
  await page.getByRole('radio', { name: /^Welcome/ }).click();
  await accessible(page);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Welcome aboard' })).toBeVisible();
  const mail = page.frameLocator('iframe[title="The email"]');
  await expect(mail.getByText('Unsubscribe')).toBeVisible();
  await accessible(page);
  const subject = page.getByLabel('Subject');
  await subject.fill('Hello {{ customer.no_such_thing }}');
  await expect(page.getByText('This person would be skipped')).toBeVisible();
  await expect(page.getByText('customer.no_such_thing', { exact: true })).toBeVisible();
  await subject.fill('Hello {{ customer.email');
  await expect(page.getByRole('alert').first()).toBeVisible();
  await subject.fill('Hello <b>{{ customer.email }}</b>');
  await expect(page.getByText(/^Hello <b>.+@.+<\/b>$/)).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Version 2', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText('It is in the inbox of the sandbox')).toBeVisible();
});

test('a broadcast is drafted, reviewed, sent to the sandbox and reported', async ({ console: page, open }) => {
  await open('/broadcasts');
  await page.getByRole('button', { name: 'New broadcast' }).first().click();
  await page.getByLabel('Name').fill('News of November');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'News of November' })).toBeVisible();
  await page.getByRole('combobox', { name: 'People in any of these segments' }).click();
  await page.getByRole('option', { name: 'Signed up recently' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: 'Template' }).click();
  await page.getByRole('option').first().click();
  await accessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  const review = page.getByRole('region', { name: 'Review' });
  await expect(review.getByText(/would get it$/)).toBeVisible();
  await expect(review.locator('iframe').first()).toBeVisible();
  await accessible(page);
  await review.getByRole('button', { name: 'Send…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText('Sent', { exact: true }).first()).toBeVisible();
  await expect(page.getByText('Opened', { exact: true }).first()).toBeVisible();
  await expect(page.locator('h1 + div, header').first()).toBeAttached();
  await expect(page.getByText('Draft', { exact: true })).toHaveCount(0);
  await accessible(page);
});

test('a campaign is drawn step by step, started, and shows who is where', async ({ console: page, open }) => {
  await open('/campaigns');
  await page.getByRole('button', { name: 'New campaign' }).first().click();
  await page.getByLabel('Name').fill('Welcome series');
  await page.getByRole('combobox', { name: 'It begins when somebody enters' }).click();
  await page.getByRole('option', { name: 'Signed up recently' }).click();
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Welcome series' })).toBeVisible();
  await page.getByRole('switch', { name: 'Those who are in it already begin as well' }).click();
  await page.getByRole('button', { name: 'Add a step after the beginning' }).click();
  await page.getByRole('menuitem', { name: 'Wait a while' }).click();
  await expect(page.getByRole('textbox', { name: 'For' })).toHaveValue('1');
  await page.getByRole('textbox', { name: 'For' }).fill('2');
  await page.getByRole('button', { name: 'Add a step after wait' }).click();
  await page.getByRole('menuitem', { name: 'Send a message' }).click();
  await page.getByRole('combobox', { name: 'Template' }).click();
  await page.getByRole('option').first().click();
  await accessible(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await expect(page.getByText(/under way$/)).toBeVisible({ timeout: 20_000 });
  await accessible(page);
});

test('what the sandbox caught is read as an inbox shows it, and the people behind a number are listed', async ({
  console: page,
  open,
}) => {
  await open('/deliveries/inbox');
  const messages = page.getByRole('navigation', { name: 'Messages' });
  await expect(messages.getByRole('button').first()).toBeVisible();
  await messages.getByRole('button').first().click();
  await expect(page.frameLocator('iframe[title="The message"]').locator('body')).not.toBeEmpty();
  await accessible(page);
  await page.getByText('Headers', { exact: true }).click();
  await expect(page.getByText(/List-Unsubscribe: </)).toBeVisible();
  await open('/broadcasts');
  await page.getByRole('link', { name: 'News of November' }).click();
  await page.getByRole('link', { name: 'Left out' }).click();
  await expect(page.getByRole('tab', { name: 'All messages' })).toBeVisible();
  await expect(
    page.getByRole('table', { name: 'Messages' }).or(page.getByText('No message is like that')),
  ).toBeVisible();
  await open('/deliveries/log');
  await expect(page.getByRole('table', { name: 'Messages' })).toBeVisible();
  await accessible(page);
});
