// The pictures of docs/guide, made from the made-up company: make pictures.
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './carpel';

const guide = path.resolve(import.meta.dirname, '../../docs/guide/pictures');

test.skip(!process.env.PICTURES, 'make pictures');

const trials = {
  all: [
    { attribute: 'plan', op: 'is_any_of', value: ['trial', 'team'] },
    { event: 'project_created', count: { at_least: 3 }, when: { last: '14d' } },
    { any: [{ page: '/pricing*', when: { last: '30d' } }, { event: 'member_invited' }] },
    { none: [{ segment: 'beta-testers' }] },
  ],
};

async function picture(page: Page, name: string, ready: string | RegExp, dark = false) {
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
  await expect(page.getByText(ready).first()).toBeVisible();
  await page.waitForLoadState('networkidle', { timeout: 2_000 }).catch(() => undefined); // live screens never rest
  await page.screenshot({ path: path.join(guide, `${name}.png`) });
}

test('pictures', async ({ console: page, open }) => {
  test.setTimeout(240_000);
  const builder = `/segments/new?name=Trials%20worth%20a%20call&definition=${encodeURIComponent(JSON.stringify(trials))}`;
  await open(builder);
  await page
    .getByRole('textbox', { name: 'Beginning of an email or id' })
    .or(page.getByPlaceholder('Beginning of an email or id'))
    .first()
    .fill('u00042');
  await page.locator('[role=option]:visible').first().click();
  await picture(page, 'builder', /exact · /);
  await picture(page, 'builder-dark', /exact · /, true);
  await page.getByRole('button', { name: 'Save…' }).click();
  await picture(page, 'saving', /It will hold/);
  await page.keyboard.press('Escape');
  await open('/');
  await picture(page, 'home', /Moved most/);
  await picture(page, 'home-dark', /Moved most/, true);
  await open('/segments');
  await picture(page, 'segments', /Power users/);
  await open('/segments/power-users');
  await page.getByRole('button', { name: 'Show the time before' }).click();
  await picture(page, 'segment', /Size over time/);
  await open('/segments/power-users?tab=people');
  await picture(page, 'members', /Power users/);
  await open('/people/id:u00042');
  await page
    .getByRole('button', { name: /Opened an email recently|Has a mobile device/ })
    .first()
    .click();
  await picture(page, 'why', /in since/);
  await open('/data/sources');
  await picture(page, 'sources', /Receiving|Waiting/);
  await open('/data/names');
  await picture(page, 'names', /project_created/);
  await open('/settings');
  await picture(page, 'settings', /Settings/);
});
