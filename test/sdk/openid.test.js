// Logging in with a certified OpenID provider (oidc-provider) in a real Chromium: code flow, PKCE, cookies.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import Provider from 'oidc-provider';
import { chromium } from 'playwright-core';
import { startCarpel } from './carpel.js';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

let carpel;
let provider;
let browser;
let seen; // the requests for authorisation that reached the provider

/** Starts a provider that knows Carpel at its address, and lets anybody in by name: "ann" is ann@example.com. */
async function startProvider(redirect) {
  const server = createServer();
  server.listen(provider?.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const oidc = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: 'carpel', client_secret: 'a secret of the test', redirect_uris: [redirect] }],
    pkce: { required: () => true, methods: ['S256'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of the test'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== 'unverified' }),
    }),
  });
  oidc.on('authorization.accepted', (ctx) => seen.push(ctx.oidc.params));
  server.on('request', oidc.callback());
  return { issuer: `http://127.0.0.1:${port}`, port, stop: () => new Promise((done) => server.close(done)) };
}

before(async () => {
  seen = [];
  const reserve = createServer().listen(0, '127.0.0.1'); // Carpel needs the provider's address, the provider Carpel's
  await once(reserve, 'listening');
  const { port } = reserve.address();
  await new Promise((done) => reserve.close(done));
  carpel = await startCarpel('--outbound-allow', '127.0.0.1', '--openid-issuer', `http://127.0.0.1:${port}`, '--openid-client-id', 'carpel',
    '--openid-client-secret', 'a secret of the test', '--openid-name', 'Example');
  provider = { port };
  provider = await startProvider(`${carpel.url}/api/openid/return`);
  browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic'] });
});
after(async () => {
  await browser?.close();
  await provider?.stop?.();
  await carpel?.stop();
});

/** Logs in at the provider as somebody, in a fresh profile, and gives the page on which that ends. */
async function logIn(name, use) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${carpel.url}/api/openid/start`);
    await page.fill('input[name=login]', name);
    await page.fill('input[name=password]', 'whatever');
    await page.click('button[type=submit]');
    await page.waitForURL((url) => url.pathname.startsWith('/interaction/'));
    await page.click('button[type=submit]'); // consent
    await page.waitForURL((url) => url.origin === carpel.url);
    await use(page, context);
  } finally {
    await context.close();
  }
}

/** Who the browser is logged in as, by Carpel's own answer. */
async function session(page) {
  const answer = await page.goto(`${carpel.url}/api/session`);
  return { status: answer.status(), body: await answer.json() };
}

test('somebody who is invited gets in, with the role of the invitation, and again without one', async () => {
  await carpel.call('POST', '/api/invitations', { email: 'ann@example.com', role: 'editor' });
  for (let i = 0; i < 2; i++) {
    await logIn('ann', async (page, context) => {
      const { status, body } = await session(page);
      assert.equal(status, 200);
      assert.equal(body.user.email, 'ann@example.com');
      assert.equal(body.user.role, 'editor');
      const cookies = (await context.cookies(carpel.url)).filter((c) => c.name.includes('carpel')); // ports share cookies
      assert.deepEqual(cookies.map((c) => [c.name, c.httpOnly, c.secure, c.sameSite]), [['__Host-carpel', true, true, 'Lax']]);
    });
  }
  assert.equal((await carpel.call('GET', '/api/users')).users.length, 1);
  assert.equal(seen[0].code_challenge_method, 'S256');
  assert.ok(seen[0].state && seen[0].nonce && seen[0].code_challenge);
  assert.notEqual(seen[0].code_challenge, seen[1].code_challenge);
});

test('a stranger is told whom to ask, and so is an address that is not verified', async () => {
  await carpel.call('POST', '/api/invitations', { email: 'unverified@example.com', role: 'admin' });
  for (const name of ['eve', 'unverified']) {
    await logIn(name, async (page) => {
      assert.match(decodeURIComponent(page.url().replaceAll('+', ' ')), /\/login#error=nobody invited this account/);
      assert.equal((await session(page)).status, 401);
    });
  }
});

test('an answer that this browser did not ask for is refused', async () => {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const answer = await page.request.get(`${carpel.url}/api/openid/return?state=x&code=y`, { maxRedirects: 0 });
    assert.equal(answer.status(), 302);
    assert.match(answer.headers().location, /^\/login#error=this\+log-in\+was\+not\+begun/);
    const begun = await page.request.get(`${carpel.url}/api/openid/start`, { maxRedirects: 0 });
    assert.equal(begun.status(), 302);
    const cookie = begun.headers()['set-cookie'].split(';')[0];
    const forged = await page.request.get(`${carpel.url}/api/openid/return?state=forged&code=y`, { maxRedirects: 0, headers: { cookie } });
    assert.match(forged.headers().location, /could\+not\+be\+verified/);
    assert.doesNotMatch(forged.headers()['set-cookie'] ?? '', /__Host-carpel=[a-z2-7]/);
  } finally {
    await context.close();
  }
});
