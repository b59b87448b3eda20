// A real Carpel for the time of a test: the binary on a free port with a new data directory, and its native API.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.CARPEL_BINARY ?? fileURLToPath(new URL('../../bin/carpel', import.meta.url));

/** Starts a Carpel, with more flags if given, and returns it once it listens. The caller ends it with stop. */
export async function startCarpel(...flags) {
  assert.ok(existsSync(binary), `${binary} is missing: make build`);
  const data = await mkdtemp(path.join(tmpdir(), 'carpel-sdk-'));
  const apiKey = `ak_${randomBytes(24).toString('hex')}`;
  const writeKey = `sk_${randomBytes(24).toString('hex')}`;
  const process = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', data, '--min-free-mb', '1', ...flags], {
    env: { PATH: globalThis.process.env.PATH, HOME: data, CARPEL_API_KEY: apiKey, CARPEL_WRITE_KEY: writeKey },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => process.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let said = '';
    process.stderr.setEncoding('utf8');
    process.stderr.on('data', (text) => {
      said += text;
      const ready = said.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (ready) resolve(ready[0]);
    });
    process.once('error', reject);
    process.once('exit', (code) => reject(new Error(`carpel ended with ${code} before it listened:\n${said}`)));
  });
  return new Carpel({ process, exited, data, url, apiKey, writeKey });
}

class Carpel {
  #process;
  #exited;
  #data;

  constructor({ process, exited, data, url, apiKey, writeKey }) {
    this.#process = process;
    this.#exited = exited;
    this.#data = data;
    this.url = url;
    this.apiKey = apiKey;
    this.writeKey = writeKey;
  }

  /** Ends the process and removes its data. Fails when it does not end in order. */
  async stop() {
    this.#process.kill('SIGTERM');
    const code = await this.#exited;
    await rm(this.#data, { recursive: true, force: true });
    assert.equal(code, 0, 'carpel ends in order');
  }

  /** Asks the native API and returns the status and the JSON of the answer. */
  async ask(method, pathAndQuery, body) {
    const response = await fetch(this.url + pathAndQuery, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** Asks the native API and fails unless the answer is a 2xx; returns its JSON. */
  async call(method, pathAndQuery, body) {
    const answer = await this.ask(method, pathAndQuery, body);
    assert.ok(answer.status < 300, `${method} ${pathAndQuery}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Makes a browser key (pk_) and returns its secret. */
  async publicKey() {
    return (await this.call('POST', '/api/keys', { kind: 'pk', name: 'the website' })).secret;
  }

  /** Makes a dynamic segment and returns it once it is live. */
  async segment(name, definition) {
    const made = await this.call('POST', '/api/segments', { name, definition });
    for (;;) {
      const segment = await this.call('GET', `/api/segments/${made.id}`);
      if (segment.state === 'live') return segment;
      assert.equal(segment.state, 'building', `${name} is ${segment.state}: ${segment.reason}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Makes a manual segment. */
  manualSegment(name) {
    return this.call('POST', '/api/segments', { name, kind: 'manual' });
  }

  /** The user ids in a segment, sorted; fails when its count says something else. */
  async members(segment) {
    const { members, next } = await this.call('GET', `/api/segments/${segment.id}/members?limit=1000`);
    assert.equal(next, '', 'one page holds all members');
    const { count } = await this.call('GET', `/api/segments/${segment.id}`);
    assert.equal(count, members.length, `the count of ${segment.name}`);
    return members.map((m) => m.id).sort();
  }

  /** A person, attributes as plain values. */
  async person(ref) {
    const person = await this.call('GET', `/api/people/${encodeURIComponent(ref)}`);
    const attributes = Object.fromEntries(Object.entries(person.attributes ?? {}).map(([name, a]) => [name, a.value]));
    return { ...person, attributes };
  }

  /** Whether nobody is known by the reference. */
  async nobody(ref) {
    return (await this.ask('GET', `/api/people/${encodeURIComponent(ref)}`)).status === 404;
  }

  /** What a person did, newest first. */
  async events(ref) {
    const { events, next } = await this.call('GET', `/api/people/${encodeURIComponent(ref)}/events?limit=1000`);
    assert.equal(next, '', 'one page holds all events');
    return events;
  }

  /** What a person did as "kind name", sorted: what is there twice shows twice. */
  async did(ref) {
    return (await this.events(ref)).map((e) => `${e.kind} ${e.name}`).sort();
  }

  async devices(ref) {
    return (await this.call('GET', `/api/people/${encodeURIComponent(ref)}/devices`)).devices;
  }

  /** Why items were refused, or taken only in part; [] when all was taken whole. */
  async rejected() {
    return (await this.call('GET', '/api/rejected?limit=500')).rejected;
  }

  /** Fails when a membership differs from a fresh computation. */
  async check() {
    const report = await this.call('POST', '/api/check');
    assert.equal(report.problems_all, 0, JSON.stringify(report.problems));
  }
}
