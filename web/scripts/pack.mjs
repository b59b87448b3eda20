// Gzips what was built in place, and fails when the first load has more JavaScript than we promise: the frame, and Home
// with everything that it imports.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const root = new URL('../dist/console/', import.meta.url).pathname;
const limit = 200_000; // bytes of gzipped JavaScript

const manifest = JSON.parse(readFileSync(path.join(root, '.vite/manifest.json'), 'utf8'));
rmSync(path.join(root, '.vite'), { recursive: true });
const files = readdirSync(root, { recursive: true })
  .map((name) => path.join(root, name))
  .filter((file) => statSync(file).isFile());
const packed = new Map();
for (const file of files) {
  const gz = gzipSync(readFileSync(file), { level: 9 });
  writeFileSync(`${file}.gz`, gz);
  rmSync(file);
  packed.set(path.relative(root, file), gz.length);
}

const first = new Set();
const load = (chunk) => {
  if (first.has(chunk)) return;
  first.add(chunk);
  for (const name of manifest[chunk].imports ?? []) load(name);
};
for (const chunk of ['index.html', 'src/home/home.tsx']) load(chunk);
const bytes = [...first].reduce((sum, chunk) => sum + packed.get(manifest[chunk].file), 0);
console.log(
  `first load: ${bytes.toLocaleString('en')} bytes of gzipped JavaScript in ${first.size} files, at most ${limit.toLocaleString('en')}`,
);
if (bytes > limit) process.exit(1);
