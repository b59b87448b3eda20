import type { Page } from '@playwright/test';
import { screens } from '../src/app/screens';
import { type Carpel, expect, join, start, test, watch } from './carpel';
import { huge, payloads } from './payloads';

// Whatever anybody sends is text, on every screen: no script of theirs runs, no dialog opens, nothing is asked of
// elsewhere, and the policy of the page never has to step in.

let carpel: Carpel;
test.beforeAll(async () => {
  carpel = await start('serve');
});
test.afterAll(() => carpel.stop());

test('what is sent is never more than text', async ({ page }) => {
  test.setTimeout(300_000);
  const faults = watch(page);
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (v) => {
      console.error(`policy: ${v.violatedDirective} ${v.blockedURI} ${v.sample}`);
    });
  });
  await join(page, carpel, 'admin@example.com', 'admin');
  const inside = new URL(page.url()).pathname.replace(/^(\/w\/[^/]+).*/, '$1');
  const { people, segments, imported } = await send(page, inside.slice('/w/'.length));

  const [one, ...others] = people;
  const details = [
    ...['', '?tab=timeline', '?tab=devices', `?why=${segments[0]}`].map((rest) => `/people/${one}${rest}`),
    ...others.slice(0, 3).map((key) => `/people/${key}`),
    '/people?columns=["__proto__","constructor"]',
    `/people?search=${encodeURIComponent(payloads[0] as string)}`,
    `/people/${encodeURIComponent(payloads[2] as string)}`,
    `/activity?name=${encodeURIComponent(payloads[0] as string)}`,
    ...['sources', 'names', 'names?kind=event', 'imports', 'imports/new', 'rejected'].map((part) => `/data/${part}`),
    ...imported.map((id) => `/data/imports/${id}`),
    ...['workspace', 'users', 'keys', 'audit', 'limits', 'you'].map((part) => `/settings/${part}`),
    '/segments/new',
    `/segments/new?definition=${encodeURIComponent(JSON.stringify(definition(payloads[1] as string)))}`,
    ...segments.slice(0, 2).flatMap((key) => [`/segments/${key}`, `/segments/${key}/edit`]),
    ...['people', 'activity', 'overlap', 'uses', 'history', 'api'].map((tab) => `/segments/${segments[0]}?tab=${tab}`),
  ];
  for (const path of [...screens.map((s) => s.to.replace('/w/$workspace', '')), ...details]) {
    await test.step(path || '/', async () => {
      await page.goto(`${carpel.url}${inside}${path}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await settle(page);
      await openEverything(page);
      expect(await planted(page)).toEqual([]);
      expect(faults).toEqual([]);
      expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), 'nothing sticks out').toBe(1280);
    });
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('textbox', { name: 'Go to' }).fill('<');
  await settle(page);
  expect(await planted(page)).toEqual([]);
  expect(faults).toEqual([]);
});

const definition = (text: string) => ({ any: [{ event: text }, { attribute: text, op: 'is', value: text }] });

/** Sends every payload in every place by the real ways in, and returns what there is to look at. */
async function send(page: Page, workspace: string) {
  const call = async (method: string, path: string, data?: unknown, headers: Record<string, string> = {}) => {
    const answer = await page.request.fetch(`${carpel.url}${path}`, {
      method,
      data,
      headers: { 'Carpel-Workspace': workspace, Origin: carpel.url, ...headers },
    });
    return { status: answer.status(), body: answer.status() === 204 ? undefined : await answer.json() };
  };
  const key = await call('POST', '/api/keys', { kind: 'sk', name: payloads[0] });
  expect(key.status).toBe(201);
  const batch = [
    { type: 'identify', userId: 'one', traits: Object.fromEntries(huge.map((value, i) => [`huge ${i}`, value])) },
    ...payloads.flatMap((text, i) => [
      ...everything('one', text),
      {
        type: 'identify',
        userId: `${i} ${text}`,
        traits: { [text]: text, name: text, email: `<b>${i}</b>@example.com` },
      },
    ]),
  ];
  const auth = Buffer.from(`${key.body.secret}:`).toString('base64');
  const taken = await call('POST', '/v1/batch', { batch }, { Authorization: `Basic ${auth}` });
  expect(taken.status).toBe(200);
  const segments: string[] = [];
  for (const text of payloads) {
    const body = { name: text, description: text, tags: [text.slice(0, 40)], definition: definition(text) };
    const made = await call('POST', '/api/segments', body);
    expect([201, 400, 409, 422]).toContain(made.status);
    if (made.status === 201) segments.push(made.body.key);
  }
  expect(segments.length).toBeGreaterThan(20);
  const imported: string[] = [];
  for (const text of [payloads[0], payloads[2], payloads[28]] as string[]) {
    const file = `id,"${text.replaceAll('"', '""')}"\nimported,"${text.replaceAll('"', '""')}"\n,refused\n`;
    const made = await page.request.post(
      `${carpel.url}/api/imports?kind=people&format=csv&file=${encodeURIComponent(text)}`,
      {
        data: Buffer.from(file),
        headers: { 'Carpel-Workspace': workspace, Origin: carpel.url, 'Content-Type': 'text/csv' },
      },
    );
    expect(made.status()).toBe(202);
    imported.push((await made.json()).id);
  }
  const found = await call('GET', '/api/people?limit=100');
  const one = await call('GET', '/api/people/id:one');
  expect(Object.keys(one.body.attributes).length).toBeGreaterThan(30);
  const rest = (found.body.people as { key: string }[]).map((p) => p.key).filter((k) => k !== one.body.key);
  return { people: [one.body.key as string, ...rest], segments, imported };
}

/** One text in all that can be told of somebody. */
const everything = (userId: string, text: string) => [
  { type: 'identify', userId, traits: { [text]: text, name: text, nested: { [text]: [text] } } },
  { type: 'track', userId, event: text, properties: { [text]: text, list: [text, { [text]: text }] } },
  { type: 'page', userId, name: text, properties: { url: text, title: text }, context: { page: { url: text } } },
  { type: 'screen', userId, name: text, properties: { [text]: text } },
  {
    type: 'track',
    userId,
    event: 'Device Created or Updated',
    context: { device: { token: text.slice(0, 50), type: text, model: text } },
    properties: { [text]: text },
  },
  { type: 'group', userId, groupId: text, traits: { [text]: text } },
];

/** Waits until the page has what it asked for; streams go on for ever. */
async function settle(page: Page) {
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Opens what is folded, as far as it is on the screen now. */
async function openEverything(page: Page) {
  const opened = await page.evaluate(() => {
    const folded = [
      ...document.querySelectorAll<HTMLElement>('main button[aria-expanded="false"]:not([aria-haspopup])'),
    ];
    for (const button of folded.slice(0, 60)) button.click();
    return folded.length;
  });
  if (opened > 0) await settle(page);
}

/** Elements that no screen of ours has, and links that lead elsewhere: they would have come from a payload. */
const planted = (page: Page) =>
  page.evaluate(() => {
    const none =
      'img[src="x"], [onerror], [onload], iframe:not([sandbox]), base, meta[http-equiv], script:not([src]), form[action^="javascript:"]';
    const leaving = [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].filter(
      (a) => a.origin !== location.origin,
    );
    return [...document.querySelectorAll(none), ...leaving].map((e) => e.outerHTML.slice(0, 200));
  });
