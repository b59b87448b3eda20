import { Paper, SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { bytes, count, number } from '../app/format';
import type { Overview } from './api';
import classes from './home.module.css';
import { Minutes } from './minutes';

/** The figures of a workspace. */
export function Figures({ workspace, stats }: { workspace: string; stats: Overview['stats'] }) {
  const visitors = stats.anonymous > 0 && `and ${count(stats.anonymous, 'visitor', 'visitors')} not identified yet`;
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing={{ base: 'xs', md: 'md' }}>
      <Figure label="People" value={number(stats.people)} note={visitors || 'identified by an id or an email'}>
        <Link
          to="/w/$workspace/people"
          params={{ workspace }}
          className={classes.cover}
          aria-label="Go to the people"
        />
      </Figure>
      <Figure label="Received in the last minute" value={number(stats.events_per_minute)}>
        <Minutes minutes={stats.minutes ?? []} />
      </Figure>
      <Figure label="Events kept" value={number(stats.events)} note={`${bytes(stats.disk_bytes)} on disk`} />
      <Figure
        label="Segments"
        value={number(stats.segments)}
        note={
          stats.timers_due > 0
            ? `${count(stats.timers_due, 'change by time is', 'changes by time are')} due`
            : 'every membership up to date'
        }
      >
        <Link
          to="/w/$workspace/segments"
          params={{ workspace }}
          className={classes.cover}
          aria-label="Go to the segments"
        />
      </Figure>
    </SimpleGrid>
  );
}

function Figure({
  label,
  value,
  note,
  children,
}: {
  label: string;
  value: string;
  note?: string;
  children?: ReactNode;
}) {
  return (
    <Paper withBorder p="md" className={classes.figure}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} lh={1.25} className="number">
        {value}
      </Text>
      {note && (
        <Text size="xs" c="dimmed" className="number">
          {note}
        </Text>
      )}
      {children}
    </Paper>
  );
}
