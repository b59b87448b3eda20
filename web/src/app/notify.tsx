import { lazy, Suspense, useEffect, useState } from 'react';

const load = () => import('@mantine/notifications');
const Place = lazy(() => load().then(({ Notifications }) => ({ default: Notifications })));

let show: (() => void) | undefined; // the place, when there is one

/** Where what was done is told in passing. Loaded when there is something to tell. */
export function Notices() {
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    show = () => setWanted(true);
    return () => {
      show = undefined;
    };
  }, []);
  return <Suspense>{wanted && <Place position="bottom-right" />}</Suspense>;
}

/** Tells in passing that something was done. What failed stands where it was asked for, and stays: see Failure. */
export async function notify(message: string) {
  show?.();
  const { notifications } = await load();
  notifications.show({ message, closeButtonProps: { 'aria-label': 'Dismiss' } });
}
