// Gzips what was built in place, and fails when the first load has more JavaScript than we promise.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const root = new URL('../dist/console/', import.meta.url).pathname;
const limit = 200_000; // bytes of gzipped JavaScript

const files = readdirSync(root, { recursive: true })
  .map((name) => path.join(root, name))
  .filter((file) => statSync(file).isFile());
const html = readFileSync(path.join(root, 'index.html'), 'utf8');
let first = 0;
for (const file of files) {
  const packed = gzipSync(readFileSync(file), { level: 9 });
  writeFileSync(`${file}.gz`, packed);
  rmSync(file);
  const name = path.relative(root, file);
  if (name.endsWith('.js') && html.includes(name)) first += packed.length;
}
console.log(
  `first load: ${first.toLocaleString('en')} bytes of gzipped JavaScript, at most ${limit.toLocaleString('en')}`,
);
if (first > limit) process.exit(1);
