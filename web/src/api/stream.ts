// Server-sent events over fetch: EventSource cannot say which workspace a call is about.
import { createParser } from 'eventsource-parser';
import { useEffect, useEffectEvent } from 'react';
import { workspaceHeaders } from './client';

const pause = 2_000; // milliseconds before a broken stream is opened again

/**
 * Follows a live call until the signal: each event's data goes to on. A stream that breaks is opened again where it
 * ended.
 */
export async function follow(
  path: string,
  on: (data: unknown) => void,
  signal: AbortSignal,
  state?: (live: boolean) => void,
) {
  let last = '';
  while (!signal.aborted) {
    try {
      const answer = await fetch(path, {
        signal,
        headers: { Accept: 'text/event-stream', ...workspaceHeaders(), ...(last && { 'Last-Event-ID': last }) },
      });
      if (answer.status === 410) last = ''; // what it stood behind is not kept any more: from the start
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      state?.(true);
      const parser = createParser({
        onEvent: (event) => {
          if (event.id) last = event.id;
          on(JSON.parse(event.data));
        },
      });
      const text = answer.body.pipeThrough(new TextDecoderStream());
      const reader = text.getReader();
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) parser.feed(chunk.value);
    } catch {
      if (signal.aborted) return; // else it broke: again
    }
    state?.(false);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Follows a live call while the component is shown. An empty path follows nothing. */
export function useStream(path: string, on: (data: unknown) => void, state?: (live: boolean) => void) {
  const onEvent = useEffectEvent(on);
  const onState = useEffectEvent((live: boolean) => state?.(live));
  useEffect(() => {
    if (!path) return;
    const stop = new AbortController();
    void follow(path, onEvent, stop.signal, onState);
    return () => stop.abort();
  }, [path]);
}
