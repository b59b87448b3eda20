// Starts real servers for the tests: one with made-up people, shared by a worker, and new ones for whoever asks.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';

export { expect };

const binary = path.resolve(import.meta.dirname, '../../bin/carpel');

export interface Carpel {
  url: string;
  data: string;
  /** Everything that it printed so far. */
  output: () => string;
  /** Runs a command of its command line and returns what it prints. */
  run: (...args: string[]) => string;
  stop: () => Promise<void>;
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address() as { port: number };
      s.close(() => resolve(port));
    });
  });

/** Starts `carpel` with a data directory of its own and waits until it is ready. */
export async function start(...args: string[]): Promise<Carpel> {
  const data = mkdtempSync(path.join(tmpdir(), 'carpel-e2e-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child: ChildProcess = spawn(binary, [
    ...args,
    '--data',
    data,
    '--listen',
    url.slice('http://'.length),
    '--memory-mb',
    '256',
  ]);
  let printed = '';
  child.stdout?.on('data', (b) => (printed += b));
  child.stderr?.on('data', (b) => (printed += b));
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`carpel ended:\n${printed}`);
    const ready =
      printed.includes(' is ready') &&
      (await fetch(`${url}/readyz`).then(
        (r) => r.ok,
        () => false,
      ));
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    data,
    output: () => printed,
    run: (...command) => execFileSync(binary, [...command, '--data', data], { encoding: 'utf8' }),
    stop: async () => {
      child.kill();
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

interface Worker {
  demo: Carpel;
}
interface Each {
  /** A page in the workspace of the made-up company, as its guest. Every fault of the page fails the test. */
  console: Page;
  /** Opens a screen of that workspace: '/segments'. */
  open: (screen: string) => Promise<void>;
}

export const test = base.extend<Each, Worker>({
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: the form that Playwright asks for
    async ({}, use) => {
      const carpel = await start('demo', '--people', '2000', '--rate', '2');
      await use(carpel);
      await carpel.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  console: async ({ page, demo }, use) => {
    const faults = watch(page);
    await page.goto(demo.url);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await use(page);
    expect(faults).toEqual([]);
  },
  open: async ({ console }, use) => {
    const home = new URL(console.url()).pathname.replace(/\/$/, '');
    await use(async (screen) => {
      await console.goto(new URL(home + screen, console.url()).href);
      await expect(console.getByRole('heading', { level: 1 })).toBeVisible();
    });
  },
});

/** Collects what a page must never do: throw, break the content security policy, ask another host, log an error. */
export function watch(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`threw ${error.message}`));
  page.on('console', (message) => {
    const expected = /status of (4\d\d|503)/.test(message.text()); // a refusal that the page shows
    if (message.type() === 'error' && !expected) faults.push(`logged ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') faults.push(`asked ${request.url()}`);
  });
  return faults;
}

/** Makes a user by an invitation, and logs in as them. */
export async function join(page: Page, carpel: Carpel, email: string, role: string) {
  const link = carpel.run('user', 'invite', email, '--role', role).match(/http\S+/)?.[0] ?? '';
  await page.goto(`${carpel.url}${new URL(link).pathname}${new URL(link).search}${new URL(link).hash}`);
  await page.getByLabel('Your name').fill(`The ${role}`);
  await page.getByRole('textbox', { name: 'New password' }).fill('correct horse battery staple');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/w\//);
}

/** Fails on whatever axe finds, in light and in dark. */
export async function accessible(page: Page) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(
        (v) => `${colorScheme}: ${v.id} ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`,
      ),
    ).toEqual([]);
  }
}
