import { lazy, Suspense } from 'react';

const load = () => import('@mantine/notifications');
const Place = lazy(() => load().then(({ Notifications }) => ({ default: Notifications })));

/** Where what was done is told in passing. Loaded apart, after the screen. */
export function Notices() {
  return (
    <Suspense>
      <Place position="bottom-right" />
    </Suspense>
  );
}

/** Tells in passing that something was done. What failed stands where it was asked for, and stays: see Failure. */
export async function notify(message: string) {
  const { notifications } = await load();
  notifications.show({ message, closeButtonProps: { 'aria-label': 'Dismiss' } });
}
