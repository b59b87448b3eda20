// The official Segment SDK for Node: identify, track, page, screen, group, alias, in batches.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Analytics } from '@segment/analytics-node';
import { startCarpel } from './carpel.js';

let carpel;
let segments;

before(async () => {
  carpel = await startCarpel();
  segments = {
    pro: await carpel.segment('Pro', { attribute: 'plan', op: 'is', value: 'pro' }),
    buyers: await carpel.segment('Buyers', {
      event: 'Order Completed', count: { at_least: 2 }, where: { property: 'total', op: 'greater_than', value: 50 },
    }),
    pricing: await carpel.segment('Saw pricing', { page: '/pricing*', when: { last: '30d' } }),
    home: await carpel.segment('Saw home on mobile', { screen: 'Home' }),
    acme: await carpel.segment('At Acme', { attribute: 'group.name', op: 'is', value: 'Acme' }),
  };
});
after(() => carpel.stop());

/** Sends what is queued by calls and fails when one of them was not delivered. */
async function send(settings, calls) {
  const analytics = new Analytics({ writeKey: carpel.writeKey, host: carpel.url, flushInterval: 60_000, maxRetries: 0, ...settings });
  const failed = [];
  analytics.on('error', (error) => failed.push(error));
  const statuses = [];
  analytics.on('http_response', ({ status }) => statuses.push(status));
  calls(analytics);
  await analytics.closeAndFlush();
  assert.deepEqual(failed, [], 'no delivery failed');
  assert.ok(statuses.length > 0 && statuses.every((s) => s === 200), `every answer is 200: ${statuses}`);
  return statuses.length;
}

test('every call arrives once, and memberships follow', async () => {
  await send({ flushAt: 50 }, (a) => {
    a.identify({ userId: 'ada', traits: { email: 'Ada@example.com', plan: 'pro', seats: 3, address: { city: 'London' }, tags: ['a', 'b'] } });
    a.track({ userId: 'ada', event: 'Order Completed', properties: { total: 51.5, sku: '007' } });
    a.track({ userId: 'ada', event: 'Order Completed', properties: { total: 99 } });
    a.track({ userId: 'ada', event: 'Order Completed', properties: { total: 12 } });
    a.page({ userId: 'ada', name: 'Pricing', properties: { url: 'https://acme.example/pricing/teams?utm_source=x' } });
    a.screen({ userId: 'ada', name: 'Home', properties: { build: 7 } });
    a.group({ userId: 'ada', groupId: 'g1', traits: { name: 'Acme', employees: 40 } });
    a.track({ userId: 'bob', event: 'Order Completed', properties: { total: 60 } });
  });

  const ada = await carpel.person('id:ada');
  assert.equal(ada.email, 'Ada@example.com');
  assert.equal(ada.attributes.plan, 'pro');
  assert.equal(ada.attributes.seats, 3);
  assert.deepEqual(ada.attributes.address, { city: 'London' });
  assert.deepEqual(ada.attributes.tags, ['a', 'b']);
  assert.equal(ada.attributes.group_id, 'g1');
  assert.equal(ada.attributes['group.name'], 'Acme');
  assert.equal(ada.attributes['group.employees'], 40);
  assert.deepEqual(await carpel.did('id:ada'), [
    'event Order Completed', 'event Order Completed', 'event Order Completed', 'page Pricing', 'screen Home',
  ]);
  const totals = (await carpel.events('id:ada')).filter((e) => e.name === 'Order Completed').map((e) => e.properties.total);
  assert.deepEqual(totals.sort((x, y) => x - y), [12, 51.5, 99]);
  assert.deepEqual(await carpel.did('id:bob'), ['event Order Completed']);

  assert.deepEqual(await carpel.members(segments.pro), ['ada']);
  assert.deepEqual(await carpel.members(segments.buyers), ['ada']);
  assert.deepEqual(await carpel.members(segments.pricing), ['ada']);
  assert.deepEqual(await carpel.members(segments.home), ['ada']);
  assert.deepEqual(await carpel.members(segments.acme), ['ada']);
});

test('a message id counts once, in one batch and in the next', async () => {
  const order = { userId: 'carl', event: 'Order Completed', messageId: 'order-1', properties: { total: 70 } };
  await send({ flushAt: 10 }, (a) => { a.track(order); a.track(order); });
  await send({ flushAt: 10 }, (a) => { a.track({ ...order, event: 'Something else', userId: 'other' }); });
  assert.deepEqual(await carpel.did('id:carl'), ['event Order Completed']);
  assert.ok(await carpel.nobody('id:other'), 'the first of a message id wins, whatever the repeat says');
  assert.deepEqual(await carpel.members(segments.buyers), ['ada']);
});

test('anonymous history becomes the person\'s by identify', async () => {
  await send({ flushAt: 10 }, (a) => {
    a.page({ anonymousId: 'anon-1', name: 'Pricing', properties: { url: 'https://acme.example/pricing' } });
    a.track({ anonymousId: 'anon-1', event: 'Video Played' });
  });
  assert.deepEqual(await carpel.members(segments.pricing), ['ada'], 'an anonymous visitor is not counted');
  await send({ flushAt: 10 }, (a) => a.identify({ userId: 'dora', anonymousId: 'anon-1', traits: { plan: 'free' } }));
  assert.deepEqual(await carpel.did('id:dora'), ['event Video Played', 'page Pricing']);
  assert.deepEqual(await carpel.members(segments.pricing), ['ada', 'dora']);
});

test('alias joins two ids', async () => {
  await send({ flushAt: 10 }, (a) => {
    a.identify({ userId: 'old-eve', traits: { plan: 'pro' } });
    a.track({ userId: 'old-eve', event: 'Signed Up' });
    a.identify({ userId: 'eve', traits: { nick: 'e' } });
  });
  await send({ flushAt: 10 }, (a) => a.alias({ userId: 'eve', previousId: 'old-eve' }));
  const eve = await carpel.person('id:eve');
  assert.equal((await carpel.person('id:old-eve')).key, eve.key, 'both ids mean one person');
  assert.equal(eve.attributes.plan, 'pro');
  assert.equal(eve.attributes.nick, 'e');
  assert.deepEqual(await carpel.did('id:eve'), ['event Signed Up']);
  assert.deepEqual(await carpel.members(segments.pro), ['ada', 'eve']);
});

test('many events in many batches are all there', async () => {
  const batches = await send({ flushAt: 25 }, (a) => {
    for (let i = 0; i < 300; i++) a.track({ userId: `many-${i % 10}`, event: 'Ping', properties: { i } });
  });
  assert.ok(batches >= 12, `${batches} batches`);
  const seen = [];
  for (let p = 0; p < 10; p++) seen.push(...(await carpel.events(`id:many-${p}`)).map((e) => e.properties.i));
  assert.deepEqual(seen.sort((x, y) => x - y), Array.from({ length: 300 }, (_, i) => i));
});

test('events with a meaning act', async () => {
  await send({ flushAt: 10 }, (a) => {
    a.identify({ userId: 'fay', traits: { plan: 'pro' } });
    a.track({ userId: 'fay', event: 'Device Created or Updated', context: { device: { token: 'tok-1', type: 'ios' } }, properties: { app_version: '2.1' } });
  });
  const devices = await carpel.devices('id:fay');
  assert.deepEqual(devices.map((d) => [d.token, d.platform]), [['tok-1', 'ios']]);
  await send({ flushAt: 10 }, (a) => a.track({ userId: 'fay', event: 'Device Deleted', context: { device: { token: 'tok-1' } } }));
  assert.deepEqual(await carpel.devices('id:fay'), []);
  assert.deepEqual(await carpel.did('id:fay'), [], 'calls that manage devices are not activity');
  await send({ flushAt: 10 }, (a) => a.track({ userId: 'fay', event: 'User Deleted' }));
  assert.ok(await carpel.nobody('id:fay'));
  assert.deepEqual(await carpel.members(segments.pro), ['ada', 'eve']);
});

test('the time of an event is its own', async () => {
  const at = new Date(Date.now() - 40 * 86_400_000);
  await send({ flushAt: 10 }, (a) => {
    a.page({ userId: 'gus', name: 'Pricing', timestamp: at, properties: { url: 'https://acme.example/pricing' } });
  });
  const [page] = await carpel.events('id:gus');
  assert.equal(Date.parse(page.at), at.getTime());
  assert.deepEqual(await carpel.members(segments.pricing), ['ada', 'dora'], '40 days ago is not in the last 30 days');
});

test('a wrong key is refused, and nothing stays', async () => {
  const analytics = new Analytics({ writeKey: 'sk_wrong', host: carpel.url, maxRetries: 0 });
  const failed = new Promise((resolve) => analytics.on('error', resolve));
  analytics.track({ userId: 'mallory', event: 'X' });
  await analytics.closeAndFlush();
  assert.match(String((await failed).reason?.message ?? ''), /401/);
  assert.ok(await carpel.nobody('id:mallory'));
});

test('nothing was refused on the way, and memberships equal a fresh computation', async () => {
  const codes = (await carpel.rejected()).map((r) => r.code);
  assert.deepEqual([...new Set(codes)], ['repeated'], 'only the other content of a known message id is listed');
  await carpel.check();
});

test('what is refused because too much is at work is sent again when it is told to', async () => {
  const busy = await startCarpel('--max-pending', '1');
  try {
    const { hostname, port } = new URL(busy.url);
    const holder = connect(Number(port), hostname);
    const inside = once(holder, 'data'); // "100 Continue": its body is waited for
    const key = Buffer.from(`${busy.writeKey}:`).toString('base64');
    holder.write(`POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${key}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    assert.match((await inside)[0].toString(), /^HTTP\/1.1 100 /);
    const analytics = new Analytics({ writeKey: busy.writeKey, host: busy.url, flushInterval: 60_000, flushAt: 1, maxRetries: 0 });
    const failed = [];
    const statuses = [];
    analytics.on('error', (error) => failed.push(error));
    analytics.on('http_response', ({ status }) => {
      statuses.push(status);
      if (status === 429) holder.destroy();
    });
    analytics.track({ userId: 'ada', event: 'Order Completed' });
    await analytics.closeAndFlush({ timeout: 30_000 });
    assert.deepEqual(failed, [], 'no delivery failed, though nothing may be retried but for Retry-After');
    assert.deepEqual([statuses[0], statuses.at(-1)], [429, 200]);
    assert.deepEqual(await busy.did('id:ada'), ['event Order Completed']);
  } finally {
    await busy.stop();
  }
});
