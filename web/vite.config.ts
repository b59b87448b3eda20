import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// npm run dev serves the console with hot reload in front of a carpel at CARPEL_URL.
const carpel = process.env.CARPEL_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    manifest: true,
    outDir: 'dist/console',
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // the first that know light-dark()
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': carpel, '/v1': carpel } },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
});
