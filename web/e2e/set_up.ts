// Gets into a new server as its first admin, as the printed link leads.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { Carpel } from './carpel';

export const email = 'ann@example.com';
export const password = 'correct horse battery';

/** The set-up link of a server that was just started: it is in a file, since the output is no terminal. */
export function setUpLink(carpel: Carpel): string {
  const told = readFileSync(path.join(carpel.data, 'set-up-link.txt'), 'utf8');
  const link = told.match(/http:\/\/\S+\/join#\S+/)?.[0];
  if (!link) throw new Error(`no set-up link in:\n${told}`);
  return link;
}

/** Sets a new server up, and ends in its first workspace, which is empty. */
export async function setUp(page: Page, carpel: Carpel, workspace = 'Acme') {
  await page.goto(setUpLink(carpel));
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Your name').fill('Ann');
  await page.getByLabel('New password').fill(password);
  await page.getByRole('button', { name: 'Create admin' }).click();
  await expect(page.getByRole('heading', { name: 'Your workspace' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Name' }).fill(workspace);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { name: 'Get your people in' })).toBeVisible();
}

/** Makes the first admin without a browser. */
export async function admin(carpel: Carpel) {
  const [, token] = setUpLink(carpel).split('#');
  const answer = await fetch(`${carpel.url}/api/links/accept`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token, email, name: 'Ann', password }),
  });
  expect(answer.status).toBe(200);
}

export async function logIn(page: Page, as = email, by = password) {
  await page.getByLabel('Email').fill(as);
  await page.getByRole('textbox', { name: 'Password' }).fill(by);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}
