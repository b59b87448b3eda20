import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { number } from '../app/format';
import { visible } from '../app/reading';
import type { Move } from './api';
import classes from './home.module.css';
import { Section } from './section';

/** The segments that most people joined and left. */
export function Moved({ workspace, moved }: { workspace: string; moved: readonly Move[] }) {
  return (
    <Section
      title="Moved most"
      aside={
        <Text size="sm" c="dimmed">
          in the last 24 hours
        </Text>
      }
    >
      {moved.length === 0 ? (
        <Text size="sm" c="dimmed" px="md" pb="md">
          Nobody joined or left a segment.
        </Text>
      ) : (
        <table className={classes.moved}>
          <thead>
            <tr>
              <th>Segment</th>
              <th>Joined</th>
              <th>Left</th>
              <th>People</th>
            </tr>
          </thead>
          <tbody>
            {moved.map((move) => (
              <tr key={move.id}>
                <td>
                  <Anchor
                    size="sm"
                    fw={550}
                    c="var(--mantine-color-text)"
                    title={move.name}
                    renderRoot={(props) => (
                      <Link {...props} to="/w/$workspace/segments/$segment" params={{ workspace, segment: move.id }} />
                    )}
                  >
                    <bdi>{visible(move.name)}</bdi>
                  </Anchor>
                </td>
                <td className={move.enters > 0 ? classes.joined : classes.none}>
                  {move.enters > 0 ? `+${number(move.enters)}` : '0'}
                </td>
                <td className={move.leaves > 0 ? classes.left : classes.none}>
                  {move.leaves > 0 ? `−${number(move.leaves)}` : '0'}
                </td>
                <td>{number(move.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
