import { useEffect, useReducer, useRef, useState } from 'react';
import { type Flow, useStream } from '../api/stream';
import { activityStream, type Entry, entryOf } from './api';
import { arrive, type Live, nothing, pause, resume } from './live';

type Step = { entries: Entry[] } | 'pause' | 'resume';

function step(live: Live, what: Step): Live {
  if (what === 'pause') return pause(live);
  if (what === 'resume') return resume(live);
  return arrive(live, what.entries);
}

const together = 250; // milliseconds of what comes that are shown at once, so that a flood is a few steps a second

/** Follows what comes in, beginning with the newest so many entries. */
export function useLive(first: number) {
  const [live, change] = useReducer(step, nothing);
  const [flow, setFlow] = useState<Flow>();
  const came = useRef<Entry[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useStream(
    activityStream(first),
    (data) => {
      const entry = entryOf(data);
      if (!entry) return;
      came.current.push(entry);
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        change({ entries: came.current.splice(0) });
      }, together);
    },
    setFlow,
  );
  return { live, flow, pause: () => change('pause'), resume: () => change('resume') };
}
