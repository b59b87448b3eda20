// Segment's SDK for browsers in a real Chromium, on a page of another origin, with a browser key.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startCarpel } from './carpel.js';
import { startSite } from './site.js';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

let carpel;
let site;
let browser;
let publicKey;
let segments;

before(async () => {
  [carpel, site] = await Promise.all([startCarpel(), startSite()]);
  browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  publicKey = await carpel.publicKey();
  segments = {
    pro: await carpel.segment('Pro', { attribute: 'plan', op: 'is', value: 'pro' }),
    pricing: await carpel.segment('Saw pricing', { page: '/pricing', when: { last: '1d' } }),
    active: await carpel.segment('Active', { event: '*', count: { at_least: 5 } }),
  };
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await carpel?.stop();
});

/** Opens a path of the website in a fresh profile with analytics loaded; use gets the page, and what the page sent. */
async function visit(path, options, use) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const sent = [];
    const faults = [];
    page.on('response', (response) => {
      if (!response.url().startsWith(carpel.url)) return;
      sent.push(`${response.request().method()} ${new URL(response.url()).pathname} ${response.status()}`);
    });
    page.on('requestfailed', (request) => {
      const { errorText } = request.failure();
      if (errorText !== 'net::ERR_ABORTED') faults.push(`${request.url()}: ${errorText}`); // aborted: the page was left
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(site.url + path);
    if (options) {
      await page.evaluate(async ({ key, carpelURL, host, integration }) => {
        const { AnalyticsBrowser } = window.AnalyticsNext;
        const [analytics] = await AnalyticsBrowser.load({ writeKey: key, cdnURL: carpelURL }, {
          integrations: { 'Segment.io': { apiHost: `${host}/v1`, protocol: 'http', ...integration } },
        });
        window.analytics = analytics;
      }, { key: publicKey, carpelURL: carpel.url, host: new URL(carpel.url).host, integration: options });
    }
    await use(page, sent);
    assert.deepEqual(faults, [], 'the browser had nothing to complain about');
  } finally {
    await context.close();
  }
}

/** Waits until what a person did is as wanted; what is missing or twice fails. */
async function eventually(ref, wanted) {
  const until = Date.now() + 15_000;
  for (;;) {
    const did = (await carpel.nobody(ref)) ? [] : await carpel.did(ref);
    if (did.length >= wanted.length || Date.now() > until) {
      assert.deepEqual(did, wanted);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until an item was refused, wholly or in part, with a message that has the words. */
async function refused(words) {
  for (const until = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const rejected = await carpel.rejected();
    if (rejected.some((r) => r.message.includes(words))) return;
    assert.ok(Date.now() < until, `nothing was refused because of "${words}": ${JSON.stringify(rejected)}`);
  }
}

test('a visit: anonymous pages, then identify, track, screen, group', async () => {
  await visit('/pricing', {}, async (page, sent) => {
    await page.evaluate(async () => {
      await window.analytics.page('Pricing');
      await window.analytics.track('Plan Compared', { plans: ['free', 'pro'] });
      await window.analytics.identify('web-1', { email: 'web1@example.com', plan: 'pro' });
      await window.analytics.track('Signed Up', { price: 12.5 });
      await window.analytics.screen('Home');
      await window.analytics.group('g1', { name: 'Acme' });
    });
    await eventually('id:web-1', ['event Plan Compared', 'event Signed Up', 'page Pricing', 'screen Home']);
    for (const letter of ['p', 't', 'i', 's', 'g']) assert.ok(sent.includes(`POST /v1/${letter} 200`), `${letter} in ${sent}`);
  });
  const person = await carpel.person('id:web-1');
  assert.equal(person.email, 'web1@example.com');
  assert.equal(person.attributes.plan, 'pro');
  assert.equal(person.attributes['group.name'], 'Acme');
  const view = (await carpel.events('id:web-1')).find((e) => e.kind === 'page');
  assert.equal(view.properties.path ?? new URL(view.properties.$url).pathname, '/pricing');
  assert.deepEqual(await carpel.members(segments.pro), ['web-1']);
  assert.deepEqual(await carpel.members(segments.pricing), ['web-1']);
});

test('alias joins what was done before, and no browser key joins two people', async () => {
  await visit('/', {}, async (page) => {
    await page.evaluate(async () => {
      await window.analytics.track('Started');
      await window.analytics.alias('web-2');
      await window.analytics.identify('web-2', { plan: 'free' });
      await window.analytics.track('Finished');
    });
    await eventually('id:web-2', ['event Finished', 'event Started']);
  });
  await visit('/', {}, async (page) => {
    await page.evaluate(() => window.analytics.alias('thief', 'web-2'));
    await refused('may not join people');
  });
  assert.ok(await carpel.nobody('id:thief'));
});

test('batches, also those sent as the page goes', async () => {
  const strategy = { deliveryStrategy: { strategy: 'batching', config: { size: 4, timeout: 500 } } };
  await visit('/pricing', strategy, async (page, sent) => {
    await page.evaluate(async () => {
      const { analytics } = window;
      const calls = [analytics.identify('web-3', { plan: 'pro' }), analytics.page('Pricing')];
      for (let i = 0; i < 6; i++) calls.push(analytics.track(`Step ${i}`));
      await Promise.all(calls);
    });
    await eventually('id:web-3', ['event Step 0', 'event Step 1', 'event Step 2', 'event Step 3', 'event Step 4', 'event Step 5', 'page Pricing']);
    assert.ok(sent.includes('POST /v1/b 200'), String(sent));
    await page.evaluate(() => { window.analytics.track('Left'); });
    await page.goto('about:blank');
    await eventually('id:web-3', ['event Left', 'event Step 0', 'event Step 1', 'event Step 2', 'event Step 3', 'event Step 4', 'event Step 5', 'page Pricing']);
  });
  assert.deepEqual(await carpel.members(segments.active), ['web-3']);
});

test('the vendor\'s snippet build finds its way by the settings we serve', async () => {
  await visit(`/snippet.html?key=${publicKey}&cdn=${encodeURIComponent(carpel.url)}`, null, async () => {
    await eventually('id:snippet-user', ['page From the snippet']);
  });
  assert.deepEqual(await carpel.members(segments.pro), ['snippet-user', 'web-1', 'web-3']);
});

test('a browser key never changes an email and never sets unsubscribed', async () => {
  await visit('/', {}, async (page) => {
    await page.evaluate(async () => {
      await window.analytics.identify('web-1', { email: 'thief@example.com', unsubscribed: true, city: 'Oslo' });
      await window.analytics.track('Came back');
    });
    await eventually('id:web-1', ['event Came back', 'event Plan Compared', 'event Signed Up', 'page Pricing', 'screen Home']);
  });
  const person = await carpel.person('id:web-1');
  assert.equal(person.email, 'web1@example.com');
  assert.ok(!('unsubscribed' in person.attributes));
  assert.equal(person.attributes.city, 'Oslo', 'the rest is taken');
  await refused('may not change an email');
  await refused('may not set unsubscribed');
});

test('memberships equal a fresh computation', () => carpel.check());
