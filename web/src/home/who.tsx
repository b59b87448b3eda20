import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { visible } from '../app/reading';
import type { Entry } from './api';
import classes from './home.module.css';

/** Whom something is about, leading to their page. */
export function Who({ workspace, entry }: { workspace: string; entry: Entry }) {
  if (!entry.person) {
    return (
      <Text span size="sm" c="dimmed" className={classes.who}>
        a visitor
      </Text>
    );
  }
  const name = entry.email || entry.id || entry.person;
  return (
    <Anchor
      size="sm"
      c="var(--mantine-color-text)"
      className={classes.who}
      title={name}
      renderRoot={(props) => (
        <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: entry.person }} />
      )}
    >
      <bdi>{visible(name)}</bdi>
    </Anchor>
  );
}
