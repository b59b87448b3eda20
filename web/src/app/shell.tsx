import {
  ActionIcon,
  AppShell,
  Avatar,
  Badge,
  Burger,
  Group,
  Kbd,
  NavLink,
  Text,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconChevronDown, IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useParams, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { sessionQuery, useLogOut } from '../session/api';
import { CornerLabel, CornerMenu, cornerItem } from './corner_menu';
import { screens } from './screens';

const Palette = lazy(() => import('./palette'));

/** The frame of everything inside a workspace: the rail on the left, the workspace and the palette on top. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [asked, setAsked] = useState(0); // how often the palette was called
  const find = () => setAsked((n) => n + 1);
  useHotkeys([['mod+K', find]], [], true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone the menu closes when one has gone somewhere
  useEffect(close, [path]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding="md"
    >
      <a href="#content" className="skip">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group wrap="nowrap" gap="sm" miw={0}>
            <Burger
              opened={open}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={open ? 'Close the menu' : 'Open the menu'}
            />
            <img src="/favicon.svg" alt="" width={24} height={24} />
            <WorkspaceMenu />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <UnstyledButton onClick={find} aria-label="Search and commands" className="find">
              <Group gap={6} wrap="nowrap">
                <IconSearch size={16} />
                <Text size="sm" c="dimmed" visibleFrom="sm">
                  Search or go to
                </Text>
                <Kbd size="xs" visibleFrom="sm">
                  ⌘K
                </Kbd>
              </Group>
            </UnstyledButton>
            <Appearance />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Screens">
        <div className="rail">
          {screens.map(({ to, label, icon: Icon, ...s }) => {
            const target = to.replace('$workspace', workspace);
            const active = s.exact ? path.replace(/\/$/, '') === target : path.startsWith(target);
            return (
              <NavLink
                key={to}
                renderRoot={(props) => (
                  <Link {...props} to={to} params={{ workspace }} activeOptions={{ exact: s.exact }} />
                )}
                label={label}
                active={active}
                aria-current={active ? 'page' : undefined}
                leftSection={<Icon size={18} stroke={1.6} />}
              />
            );
          })}
        </div>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <Suspense>{asked > 0 && <Palette asked={asked} />}</Suspense>
    </AppShell>
  );
}

function WorkspaceMenu() {
  const session = useQuery(sessionQuery).data;
  const { workspace } = useParams({ from: '/w/$workspace' });
  const all = session?.workspaces ?? [];
  const here = all.find((m) => m.workspace.id === workspace);
  const button = (
    <Group gap={6} wrap="nowrap">
      <Text fw={600} truncate maw={200}>
        {here?.workspace.name}
      </Text>
      <IconChevronDown size={14} />
    </Group>
  );
  return (
    <CornerMenu label="Switch the workspace" side="left" button={button}>
      <CornerLabel>Workspaces</CornerLabel>
      {all.map((m) => (
        <Link
          key={m.workspace.id}
          role="menuitem"
          className={cornerItem}
          to="/w/$workspace"
          params={{ workspace: m.workspace.id }}
        >
          {m.workspace.name}
          <Badge variant="light">{m.role}</Badge>
        </Link>
      ))}
    </CornerMenu>
  );
}

function Appearance() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return (
    <ActionIcon
      size="lg"
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
      aria-label={dark ? 'Show in light colours' : 'Show in dark colours'}
      title={dark ? 'Light' : 'Dark'}
    >
      {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
}

function UserMenu() {
  const session = useQuery(sessionQuery).data;
  const user = session?.user;
  const { workspace } = useParams({ from: '/w/$workspace' });
  const logOut = useLogOut();
  return (
    <CornerMenu label="You" side="right" button={<Avatar size={28} color="teal" name={user?.name ?? ''} />}>
      <CornerLabel>{session?.guest ? user?.name : `${user?.name} · ${user?.email}`}</CornerLabel>
      <Link role="menuitem" className={cornerItem} to="/w/$workspace/settings/you" params={{ workspace }}>
        {session?.guest ? 'Your role here' : 'Your password'}
      </Link>
      <UnstyledButton role="menuitem" className={cornerItem} onClick={() => logOut.mutate()}>
        Log out
      </UnstyledButton>
    </CornerMenu>
  );
}
