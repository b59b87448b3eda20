// Measures the builder in Chromium: from a change of a number in a condition until the new count is on the screen, of
// which 250 ms are the pause after the last keystroke.
//
//   node scripts/latency.mjs URL DEFINITION [TIMES]
//
// URL is a server's whose guest one may be, or an invitation's link (carpel user invite). DEFINITION is JSON and needs
// a condition with a count of times or days.
import { chromium } from '@playwright/test';

const [url, definition, times = '30'] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
await page.goto(url);
if (url.includes('/join#')) {
  await page.getByRole('textbox', { name: 'Your name' }).fill('Latency');
  await page.locator('input[type=password]').first().fill(`a password for ${Date.now()}`);
  await page.locator('form button[type=submit]').click();
}
await page.waitForURL(/\/w\//);
const home = new URL(page.url()).pathname.split('/').slice(0, 3).join('/');
await page.goto(new URL(`${home}/segments/new?definition=${encodeURIComponent(definition)}`, url).href);
const field = page.getByRole('textbox', { name: 'Number' }).first();
await page.getByTestId('count').first().waitFor();

await page.evaluate(() => {
  globalThis.took = [];
  let since = 0;
  addEventListener('input', () => (since = performance.now()), true);
  const settled = () => document.querySelector('[data-testid=count]')?.parentElement?.dataset.stale === undefined;
  let stale = false;
  new MutationObserver(() => {
    if (!settled()) stale = true;
    else if (stale && since > 0) {
      stale = false;
      const from = since;
      requestAnimationFrame(() => globalThis.took.push(performance.now() - from)); // when it is painted
    }
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
});
for (let n = 0; n < Number(times); n++) {
  await field.fill(String(1 + (n % 9)));
  await page.waitForFunction((wanted) => globalThis.took.length === wanted, n + 1);
}
const took = (await page.evaluate(() => globalThis.took)).sort((a, b) => a - b);
const at = (share) => `${Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))])} ms`;
console.log(`${took.length} changes: median ${at(0.5)}, 90 of 100 ${at(0.9)}, longest ${at(1)}`);
await browser.close();
