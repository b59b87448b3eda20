// The official Customer.io SDK for Node, Pipelines API: the Segment wire format call by call, and strict mode.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PipelinesClient } from 'customerio-node';
import { startCarpel } from './carpel.js';

let carpel;
let cdp;
let pro;

before(async () => {
  carpel = await startCarpel();
  cdp = new PipelinesClient(carpel.writeKey, { url: `${carpel.url}/v1`, strictMode: true, retry: { maxRetries: 0 } });
  pro = await carpel.segment('Pro', { attribute: 'plan', op: 'is', value: 'pro' });
});
after(() => carpel.stop());

test('every call arrives once', async () => {
  await cdp.identify({ userId: 'ada', traits: { email: 'ada@example.com', plan: 'pro' } });
  await cdp.track({ userId: 'ada', event: 'Order Completed', properties: { total: 5 }, context: { campaign: { source: 'mail' } } });
  await cdp.page({ userId: 'ada', name: 'Home', properties: { url: 'https://acme.example/' } });
  await cdp.screen({ userId: 'ada', name: 'Settings' });
  await cdp.group({ userId: 'ada', groupId: 'g1', traits: { name: 'Acme' } });
  const ada = await carpel.person('id:ada');
  assert.equal(ada.attributes.plan, 'pro');
  assert.equal(ada.attributes['group.name'], 'Acme');
  assert.deepEqual(await carpel.did('id:ada'), ['event Order Completed', 'page Home', 'screen Settings']);
  assert.deepEqual(await carpel.members(pro), ['ada']);
});

test('alias joins two people', async () => {
  await cdp.track({ userId: 'a-2', event: 'Signed Up' });
  await cdp.alias({ userId: 'ada', previousId: 'a-2' });
  assert.deepEqual(await carpel.did('id:ada'), ['event Order Completed', 'event Signed Up', 'page Home', 'screen Settings']);
});

test('a batch of every kind', async () => {
  await cdp.batch([
    { type: 'identify', userId: 'bea', traits: { plan: 'pro' } },
    { type: 'track', userId: 'bea', event: 'Order Completed' },
    { type: 'page', userId: 'bea', name: 'Docs' },
    { type: 'screen', userId: 'bea', name: 'Home' },
    { type: 'group', userId: 'bea', groupId: 'g2', traits: { name: 'Initech' } },
  ]);
  assert.deepEqual(await carpel.did('id:bea'), ['event Order Completed', 'page Docs', 'screen Home']);
  assert.equal((await carpel.person('id:bea')).attributes['group.name'], 'Initech');
  assert.deepEqual(await carpel.members(pro), ['ada', 'bea']);
});

test('strict mode answers 400 and lists what it refused; without it the answer is 200 and it is listed', async () => {
  const bad = { userId: 'cid', event: 'n'.repeat(151) };
  await assert.rejects(cdp.track(bad), { statusCode: 400 });
  const lenient = new PipelinesClient(carpel.writeKey, { url: `${carpel.url}/v1`, retry: { maxRetries: 0 } });
  await lenient.track(bad);
  const rejected = await carpel.rejected();
  assert.ok(rejected.length >= 1);
  assert.ok(await carpel.nobody('id:cid'));
});

test('a wrong key is always an error', async () => {
  const stranger = new PipelinesClient('sk_0000000000000000000000000000', { url: `${carpel.url}/v1`, retry: { maxRetries: 0 } });
  await assert.rejects(stranger.track({ userId: 'm', event: 'X' }), { statusCode: 401 });
});

test('memberships equal a fresh computation', () => carpel.check());
