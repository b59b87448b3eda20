// The official Customer.io SDK for Node, Track API: versions 1 and 2.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { IdentifierType, TrackClient } from 'customerio-node';
import { startCarpel } from './carpel.js';

let carpel;
let cio;
let segments;

const now = () => Math.floor(Date.now() / 1000);

before(async () => {
  carpel = await startCarpel();
  cio = new TrackClient('site', carpel.writeKey, { url: `${carpel.url}/api/v1`, retry: { maxRetries: 0 } });
  segments = {
    pro: await carpel.segment('Pro', { attribute: 'plan', op: 'is', value: 'pro' }),
    buyers: await carpel.segment('Buyers', { event: 'purchase', count: { at_least: 1 }, where: { property: 'price', op: 'at_least', value: 10 } }),
    pricing: await carpel.segment('Saw pricing', { page: '/pricing' }),
    mobile: await carpel.segment('Mobile', { device: 'mobile' }),
    opened: await carpel.segment('Opened an email', { message: 'email', action: 'opened' }),
    vip: await carpel.manualSegment('VIP'),
  };
});
after(() => carpel.stop());

test('identify sets attributes, and removes them by null', async () => {
  assert.deepEqual(await cio.identify('ada', { email: 'ada@example.com', plan: 'pro', created_at: 1700000000, seats: 4, note: '' }), {});
  let ada = await carpel.person('id:ada');
  assert.equal(ada.email, 'ada@example.com');
  assert.equal(ada.attributes.plan, 'pro');
  assert.equal(ada.attributes.seats, 4);
  assert.equal(ada.attributes.created_at, 1700000000);
  assert.equal(ada.attributes.note, '', 'an empty text is set');
  assert.deepEqual(await carpel.members(segments.pro), ['ada']);
  await cio.identify('ada', { seats: null });
  ada = await carpel.person('id:ada');
  assert.ok(!('seats' in ada.attributes));
  assert.equal(ada.attributes.plan, 'pro', 'what is not named stays');
});

test('ids may hold any character', async () => {
  for (const id of ['a/b c%20d', 'ünï🦊', 'dots..\\:+?#&']) {
    await cio.identify(id, { plan: 'free', odd: true });
    await cio.track(id, { name: 'seen' });
    assert.equal((await carpel.person(`id:${id}`)).id, id);
    assert.deepEqual(await carpel.did(`id:${id}`), ['event seen']);
  }
});

test('track, with the id of the event counted once', async () => {
  const id = '01HB4HBDKTFWYZCK01DMRSWRFD';
  await cio.track('ada', { name: 'purchase', data: { price: 23.45, product: 'socks' }, id, timestamp: now() - 60 });
  await cio.track('ada', { name: 'purchase', data: { price: 99 }, id });
  await cio.track('bob', { name: 'purchase', data: { price: 3 } });
  const [event, ...rest] = await carpel.events('id:ada');
  assert.deepEqual(rest, []);
  assert.equal(event.properties.price, 23.45, 'the first wins');
  assert.ok(Date.now() - Date.parse(event.at) >= 59_000, 'at its own time');
  assert.deepEqual(await carpel.members(segments.buyers), ['ada']);
});

test('page views', async () => {
  await cio.trackPageView('ada', '/pricing');
  assert.deepEqual(await carpel.did('id:ada'), ['event purchase', 'page /pricing']);
  assert.deepEqual(await carpel.members(segments.pricing), ['ada']);
});

test('anonymous events become the person\'s', async () => {
  await cio.trackAnonymous('anon-7', { name: 'purchase', data: { price: 50 } });
  await cio.trackAnonymous('anon-7', { name: '/pricing', type: 'page' });
  assert.deepEqual(await carpel.members(segments.buyers), ['ada'], 'nobody yet');
  await cio.identify('cleo', { anonymous_id: 'anon-7', email: 'cleo@example.com' });
  assert.deepEqual(await carpel.did('id:cleo'), ['event purchase', 'page /pricing']);
  assert.deepEqual(await carpel.members(segments.buyers), ['ada', 'cleo']);
  assert.deepEqual(await carpel.members(segments.pricing), ['ada', 'cleo']);
});

test('devices', async () => {
  await cio.addDevice('ada', 'token/1', 'ios', { last_used: now(), app_version: '3.1', primary: true });
  await cio.addDevice('bob', 'token-2', 'android');
  const [device, ...rest] = await carpel.devices('id:ada');
  assert.deepEqual(rest, []);
  assert.equal(device.token, 'token/1');
  assert.equal(device.platform, 'ios');
  assert.equal(device.properties.app_version, '3.1');
  assert.deepEqual(await carpel.members(segments.mobile), ['ada', 'bob']);
  await cio.deleteDevice('ada', 'token/1');
  assert.deepEqual(await carpel.devices('id:ada'), []);
  assert.deepEqual(await carpel.members(segments.mobile), ['bob']);
});

test('manual segments by their integer alias', async () => {
  await cio.addCustomersToSegment(segments.vip.alias, ['ada', 'bob', 'nobody-of-this-id']);
  assert.deepEqual(await carpel.members(segments.vip), ['ada', 'bob']);
  await cio.addCustomersToSegment(segments.vip.alias, ['cleo@example.com'], IdentifierType.Email);
  assert.deepEqual(await carpel.members(segments.vip), ['ada', 'bob', 'cleo']);
  await cio.removeCustomersFromSegment(segments.vip.alias, ['bob', 'cleo']);
  assert.deepEqual(await carpel.members(segments.vip), ['ada']);
});

test('merge', async () => {
  await cio.identify('ada-2', { plan: 'free', nick: 'A' });
  await cio.track('ada-2', { name: 'purchase', data: { price: 11 } });
  await cio.mergeCustomers(IdentifierType.Id, 'ada', IdentifierType.Id, 'ada-2');
  const ada = await carpel.person('id:ada');
  assert.equal(ada.attributes.plan, 'pro', 'the value of the primary stays');
  assert.equal(ada.attributes.nick, 'A');
  assert.equal((await carpel.person('id:ada-2')).key, ada.key);
  assert.deepEqual(await carpel.did('id:ada'), ['event purchase', 'event purchase', 'page /pricing']);
  assert.deepEqual(await carpel.members(segments.buyers), ['ada', 'cleo']);
});

test('suppress removes and refuses, unsuppress frees', async () => {
  await cio.identify('dan', { plan: 'pro' });
  assert.deepEqual(await carpel.members(segments.pro), ['ada', 'dan']);
  await cio.suppress('dan');
  await cio.identify('dan', { plan: 'pro' }).catch(() => {}); // refused or swallowed, as the protocol has it; never stored
  assert.deepEqual(await carpel.members(segments.pro), ['ada']);
  assert.ok((await carpel.rejected()).some((r) => r.code === 'suppressed'), 'what was refused is listed');
  await cio.unsuppress('dan');
  await cio.identify('dan', { plan: 'pro', fresh: true });
  assert.deepEqual(await carpel.members(segments.pro), ['ada', 'dan']);
});

test('delete removes the person; later data make a new one', async () => {
  const before = await carpel.person('id:dan');
  await cio.destroy('dan');
  assert.ok(await carpel.nobody('id:dan'));
  assert.deepEqual(await carpel.members(segments.pro), ['ada']);
  await cio.identify('dan', { plan: 'free' });
  const after = await carpel.person('id:dan');
  assert.notEqual(after.key, before.key);
  assert.ok(!('fresh' in after.attributes));
  assert.ok(!(await carpel.rejected()).some((r) => r.code === 'suppressed'), 'what was listed of the deleted person went with them');
});

test('version 2: one entity and a batch', async () => {
  assert.deepEqual(await cio.entity({ type: 'person', action: 'identify', identifiers: { id: 'emil' }, attributes: { plan: 'pro', email: 'emil@example.com' } }), {});
  const event = { type: 'person', action: 'event', identifiers: { id: 'emil' }, name: 'purchase', id: randomUUID(), attributes: { price: 12 } };
  await cio.batch([
    event, event,
    { type: 'person', action: 'page', identifiers: { id: 'emil' }, name: '/pricing' },
    { type: 'person', action: 'screen', identifiers: { id: 'emil' }, name: 'Home' },
    { type: 'person', action: 'add_device', identifiers: { email: 'emil@example.com' }, device: { token: 't-e', platform: 'android', last_used: now() } },
    { type: 'person', action: 'identify', identifiers: { id: 'fritz' }, attributes: { plan: 'pro' } },
  ]);
  assert.deepEqual(await carpel.did('id:emil'), ['event purchase', 'page /pricing', 'screen Home']);
  assert.deepEqual((await carpel.devices('id:emil')).map((d) => d.token), ['t-e']);
  assert.deepEqual(await carpel.members(segments.pro), ['ada', 'emil', 'fritz']);
  assert.deepEqual(await carpel.members(segments.buyers), ['ada', 'cleo', 'emil']);

  const partly = await cio.batch([
    { type: 'person', action: 'identify', identifiers: { id: 'gina' }, attributes: { plan: 'pro' } },
    { type: 'object', action: 'identify', identifiers: { object_type_id: '1', object_id: 'acme' } },
    { type: 'person', action: 'delete', identifiers: { id: 'fritz' } },
    { type: 'person', action: 'merge', primary: { id: 'gina' }, secondary: { id: 'emil' } },
  ]);
  assert.equal(partly.errors.length, 1);
  assert.equal(partly.errors[0].batch_index, 1);
  assert.deepEqual(await carpel.members(segments.pro), ['ada', 'gina']);
  assert.deepEqual(await carpel.members(segments.buyers), ['ada', 'cleo', 'gina']);
  await assert.rejects(cio.entity({ type: 'object', action: 'identify', identifiers: { object_type_id: '1', object_id: 'acme' } }), { statusCode: 400 });
});

test('metrics and push events of deliveries elsewhere go to their recipient', async () => {
  await cio.reportMetric({ delivery_id: 'd-1', metric: 'opened', recipient: 'ada@example.com', timestamp: now() });
  assert.deepEqual(await carpel.members(segments.opened), ['ada']);
  await cio.trackPush({ delivery_id: 'd-2', device_id: 'token-2', event: 'opened', timestamp: now() });
  const messages = (await carpel.events('id:bob')).filter((e) => e.kind === 'message');
  assert.deepEqual(messages.map((m) => [m.properties.$channel, m.name]), [['push', 'opened']], 'to the owner of the device');
});

test('a form sets attributes and is an event', async () => {
  await cio.submitForm('newsletter', { email: 'hugo@example.com', plan: 'pro' });
  const hugo = await carpel.person('email:hugo@example.com');
  assert.equal(hugo.attributes.plan, 'pro');
  assert.deepEqual(await carpel.did(hugo.key), ['event Form Submitted']);
});

test('the region is ours', async () => {
  const region = await cio.getAccountRegion();
  assert.equal(typeof region.region, 'string');
  assert.ok(region.url.length > 0);
});

test('a wrong key is refused', async () => {
  const stranger = new TrackClient('site', 'sk_0000000000000000000000000000', { url: `${carpel.url}/api/v1`, retry: { maxRetries: 0 } });
  await assert.rejects(stranger.identify('mallory', {}), { statusCode: 401 });
  assert.ok(await carpel.nobody('id:mallory'));
});

test('what was refused is listed, and memberships equal a fresh computation', async () => {
  const rejected = (await carpel.rejected()).map((r) => `${r.kind} ${r.code}`);
  // What was refused of dan while he was suppressed went when he was deleted.
  assert.deepEqual([...new Set(rejected)].sort(), ['add_customers not_found', 'event repeated', 'identify unsupported_type']);
  await carpel.check();
});
