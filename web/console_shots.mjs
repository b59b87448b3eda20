import { chromium } from '@playwright/test';
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const url = 'http://127.0.0.1:21800';
const want = process.argv.slice(2);
for (const [w, h, scheme] of [[1280, 800, 'light'], [400, 800, 'dark'], [1280,800,'dark'],[400,800,'light']]) {
  const key = `${w}${scheme[0]}`;
  const shots = want.filter((x) => x.startsWith(key + ':'));
  if (!shots.length) continue;
  const c = await b.newContext({ viewport: { width: w, height: h }, colorScheme: scheme, locale: 'en-GB', timezoneId: 'UTC' });
  const p = await c.newPage();
  p.on('pageerror', (e) => console.log('ERR', e.message));
  await p.goto(url); await p.getByRole('heading', { level: 1 }).waitFor();
  const home = new URL(p.url()).pathname.replace(/\/$/, '');
  for (const s of shots) {
    const [, name, path, ...acts] = s.split(':');
    await p.goto(url + home + decodeURIComponent(path)); await p.getByRole('heading', { level: 1 }).waitFor().catch(()=>{}); await p.waitForTimeout(900);
    for (const a of acts) { const [verb, ...r] = a.split('='); const arg = r.join('=');
      if (verb === 'click') await p.getByText(arg, { exact: true }).first().click();
      if (verb === 'btn') await p.getByRole('button', { name: arg }).first().click();
      if (verb === 'css') await p.locator(arg).first().click();
      if (verb === 'type') await p.keyboard.type(arg, { delay: 10 });
      if (verb === 'key') await p.keyboard.press(arg);
      if (verb === 'down') await p.evaluate(() => window.scrollTo(0, 1e6));
      await p.waitForTimeout(700); }
    await p.screenshot({ path: `/tmp/console-shots/${key}-${name}.png` });
    const over = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) console.log(key, name, 'overflows by', over);
  }
  await c.close();
}
await b.close();
