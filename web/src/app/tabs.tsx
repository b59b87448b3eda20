import { Tabs } from '@mantine/core';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/** A list of tabs that scrolls where there is no room, with the chosen one in sight. Its class is tabs. */
export function useChosenInSight(chosen: string | null) {
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another is chosen
  useEffect(() => {
    const tab = list.current?.querySelector('[aria-selected=true]');
    if (list.current && tab instanceof HTMLElement)
      list.current.scrollLeft = tab.offsetLeft - (list.current.clientWidth - tab.offsetWidth) / 2;
  }, [chosen]);
  return list;
}

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
  const list = useChosenInSight(here);
  return (
    <Tabs value={here} onChange={(to) => to && navigate({ to: `${base}/${to}` })} activateTabWithKeyboard={false}>
      <Tabs.List aria-label={label} className="tabs" ref={list}>
        {tabs.map(([to, name]) => (
          <Tabs.Tab key={to} value={to} aria-controls="tab">
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}
