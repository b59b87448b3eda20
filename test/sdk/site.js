// A website of somebody else's: another origin than Carpel's, so that the browser asks before it sends.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folders = {
  '/site/': fileURLToPath(new URL('./site/', import.meta.url)),
  '/umd/': fileURLToPath(new URL('./node_modules/@segment/analytics-next/dist/umd/', import.meta.url)),
};
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };

/** Serves site/ and the shipped build of analytics-next on a free port. Paths without a file show index.html. */
export async function startSite() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const folder = pathname.startsWith('/umd/') ? '/umd/' : '/site/';
    const name = path.basename(pathname);
    const file = path.join(folders[folder], types[path.extname(name)] ? name : 'index.html');
    try {
      const body = await readFile(file);
      response.writeHead(200, { 'content-type': types[path.extname(file)] });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}
