// RudderStack's SDK for Node: the same wire format, gzipped.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Analytics from '@rudderstack/rudder-sdk-node';
import { startCarpel } from './carpel.js';

let carpel;
let segments;

before(async () => {
  carpel = await startCarpel();
  segments = {
    pro: await carpel.segment('Pro', { attribute: 'plan', op: 'is', value: 'pro' }),
    active: await carpel.segment('Active', { event: '*', count: { at_least: 3 } }),
  };
});
after(() => carpel.stop());

/** Sends what calls queue up; fails when a call was not delivered. */
async function send(settings, calls) {
  const client = new Analytics(carpel.writeKey, { dataPlaneUrl: carpel.url, flushInterval: 60_000, logLevel: 'error', retryCount: 0, ...settings });
  const queued = [];
  const track = (name) => (message) => queued.push(new Promise((resolve, reject) => {
    client[name](message, (error) => (error ? reject(error) : resolve()));
  }));
  calls({ identify: track('identify'), track: track('track'), page: track('page'), screen: track('screen'), group: track('group'), alias: track('alias') });
  do await client.flush(); while (client.queue.length > 0);
  await Promise.all(queued);
}

for (const gzip of [true, false]) {
  test(`every call arrives once, ${gzip ? 'gzipped' : 'plain'}`, async () => {
    const id = gzip ? 'zoe' : 'yan';
    await send({ gzip }, (c) => {
      c.identify({ userId: id, traits: { email: `${id}@example.com`, plan: 'pro' } });
      c.track({ userId: id, event: 'Order Completed', properties: { total: 5, items: [{ sku: 'a' }, { sku: 'b' }] } });
      c.page({ userId: id, name: 'Home', properties: { url: 'https://acme.example/' } });
      c.screen({ userId: id, name: 'Settings' });
      c.group({ userId: id, groupId: 'g9', traits: { name: 'Initech' } });
    });
    const person = await carpel.person(`id:${id}`);
    assert.equal(person.email, `${id}@example.com`);
    assert.equal(person.attributes.plan, 'pro');
    assert.equal(person.attributes['group.name'], 'Initech');
    assert.equal(person.attributes.group_id, 'g9');
    assert.deepEqual(await carpel.did(`id:${id}`), ['event Order Completed', 'page Home', 'screen Settings']);
    const order = (await carpel.events(`id:${id}`)).find((e) => e.kind === 'event');
    assert.deepEqual(order.properties.items, [{ sku: 'a' }, { sku: 'b' }]);
  });
}

test('alias joins the history of an anonymous id', async () => {
  await send({}, (c) => {
    c.track({ anonymousId: 'anon-r', event: 'Visited' });
    c.identify({ userId: 'xia', traits: { plan: 'free' } });
  });
  await send({}, (c) => c.alias({ previousId: 'anon-r', userId: 'xia' }));
  assert.deepEqual(await carpel.did('id:xia'), ['event Visited']);
});

test('a batch over the flush size goes in parts and is whole', async () => {
  await send({ flushAt: 20 }, (c) => {
    for (let i = 0; i < 130; i++) c.track({ userId: 'wim', event: 'Ping', properties: { i } });
  });
  const seen = (await carpel.events('id:wim')).map((e) => e.properties.i).sort((a, b) => a - b);
  assert.deepEqual(seen, Array.from({ length: 130 }, (_, i) => i));
});

test('memberships are what was sent', async () => {
  assert.deepEqual(await carpel.members(segments.pro), ['yan', 'zoe']);
  assert.deepEqual(await carpel.members(segments.active), ['wim', 'yan', 'zoe']);
  assert.deepEqual(await carpel.rejected(), []);
  await carpel.check();
});
