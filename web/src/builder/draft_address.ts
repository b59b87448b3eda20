// A draft in the address: JSON, deflated, in base64url behind a z. So it survives a reload, and can be sent to somebody.
import { useEffect, useEffectEvent, useRef } from 'react';
import { parseExact } from '../definition/exact';
import { type Draft, type Editing, fromPlain, toPlain } from './draft';
import { useBuilderSearch } from './search';

const limit = 4_000_000; // bytes that an address may unfold to

/** Packs a draft. */
export async function pack(draft: Draft): Promise<string> {
  const bytes = await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(plainText(draft)));
  return `z${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')}`;
}

/** Unpacks a draft, or reads it as plain JSON; undefined for what is none. */
export async function unpack(packed: string | object): Promise<Draft | undefined> {
  try {
    if (typeof packed !== 'string') return fromPlain(packed);
    if (!packed.startsWith('z')) return fromPlain(parseExact(packed));
    const text = atob(packed.slice(1).replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = await through(
      new DecompressionStream('deflate-raw'),
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
    );
    return fromPlain(parseExact(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Whether two drafts say the same. */
export const sameDraft = (a: Draft, b: Draft) => a === b || plainText(a) === plainText(b);

const plainText = (draft: Draft) => JSON.stringify(toPlain(draft));

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const out: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    out.push(chunk.value);
    length += chunk.value.length;
    if (length > limit) throw new RangeError('the draft is too large');
  }
  return new Uint8Array(await new Blob(out as BlobPart[]).arrayBuffer());
}

const pause = 150; // milliseconds after the last change

/**
 * Keeps the draft in the address, in place of what stood there: Back leaves the builder. A draft that comes into the
 * address from elsewhere is opened, as a step that can be undone. mark is that of the segment the draft is an edit of. Once the draft is
 * saved, the address is the next screen's.
 */
export function useDraftAddress(
  editing: Editing,
  { base, mark, saved }: { base: Draft; mark?: string; saved: () => boolean },
) {
  const { search, say } = useBuilderSearch();
  const packed = search.draft;
  const known = useRef(packed);
  const { draft } = editing;

  const write = useEffectEvent(async (stopped: () => boolean) => {
    const next = sameDraft(draft, base) ? undefined : await pack(draft);
    if (stopped() || saved() || next === known.current) return;
    known.current = next;
    await say({ draft: next, base: next && mark });
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the draft is written
  useEffect(() => {
    let stop = false;
    const timer = setTimeout(() => void write(() => stop), pause);
    return () => {
      stop = true;
      clearTimeout(timer);
    };
  }, [draft, base]);

  const read = useEffectEvent(async (from: string | object | undefined) => {
    const other = from === undefined ? base : await unpack(from);
    if (other && !sameDraft(other, draft)) editing.open(other);
  });
  useEffect(() => {
    if (packed === known.current) return;
    known.current = packed;
    void read(packed);
  }, [packed]);
}
