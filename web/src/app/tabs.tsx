import { Tabs } from '@mantine/core';
import { useNavigate, useRouterState } from '@tanstack/react-router';

/** Tabs that are screens of their own, each with its address. base is the address in front of theirs. */
export function RouteTabs({
  label,
  base,
  tabs,
}: {
  label: string;
  base: string;
  tabs: readonly (readonly [string, string])[];
}) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  const here = tabs.find(([to]) => path.startsWith(`${base}/${to}`))?.[0] ?? null;
  return (
    <Tabs value={here} onChange={(to) => to && navigate({ to: `${base}/${to}` })} activateTabWithKeyboard={false}>
      <Tabs.List aria-label={label}>
        {tabs.map(([to, name]) => (
          <Tabs.Tab key={to} value={to} aria-controls="tab">
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}
