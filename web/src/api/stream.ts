// Server-sent events over fetch: EventSource cannot say which workspace a call is about.
import { createParser } from 'eventsource-parser';
import { useEffect, useEffectEvent } from 'react';
import { workspaceHeaders } from './client';

const pause = 2_000; // milliseconds before a broken stream is opened again

/** How a live call stands; undefined before it is known. Refused, it is not tried again: one may not, or it is gone. */
export type Flow = 'live' | 'broken' | 'refused';

const refusals = [401, 403, 404];

/**
 * Follows a live call until the signal: each event's data goes to on. A stream that breaks is opened again where it
 * ended; one that is refused is not.
 */
export async function follow(
  path: string,
  on: (data: unknown) => void,
  signal: AbortSignal,
  state?: (flow: Flow) => void,
) {
  let last = '';
  while (!signal.aborted) {
    try {
      const answer = await fetch(path, {
        signal,
        headers: { Accept: 'text/event-stream', ...workspaceHeaders(), ...(last && { 'Last-Event-ID': last }) },
      });
      if (answer.status === 410) last = ''; // what it stood behind is not kept any more: from the start
      if (refusals.includes(answer.status)) return state?.('refused');
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      state?.('live');
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
    state?.('broken');
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Follows a live call while the component is shown. An empty path follows nothing. */
export function useStream(path: string, on: (data: unknown) => void, state?: (flow: Flow) => void) {
  const onEvent = useEffectEvent(on);
  const onState = useEffectEvent((flow: Flow) => state?.(flow));
  useEffect(() => {
    if (!path) return;
    const stop = new AbortController();
    void follow(path, onEvent, stop.signal, onState);
    return () => stop.abort();
  }, [path]);
}
