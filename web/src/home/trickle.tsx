import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { flowWords } from '../app/flow';
import { clock, useZone, whole } from '../app/format';
import { Happened, KindIcon } from '../people/happening';
import classes from './home.module.css';
import { Section } from './section';
import { useLive } from './use_live';
import { Who } from './who';

const shown = 14;

/** The last few things that came in, live. */
export function Trickle({ workspace }: { workspace: string }) {
  const zone = useZone();
  const { live, flow } = useLive(shown);
  return (
    <Section
      title="Coming in"
      aside={
        <Anchor
          size="sm"
          renderRoot={(props) => <Link {...props} to="/w/$workspace/activity" params={{ workspace }} />}
        >
          All activity
        </Anchor>
      }
    >
      {(flow === 'broken' || flow === 'refused') && (
        <Text size="sm" c="dimmed" px="md" pb="sm" role="status">
          {flowWords[flow]}.
        </Text>
      )}
      {live.shown.length === 0 && flow === 'live' && (
        <Text size="sm" c="dimmed" px="md" pb="md">
          Waiting for the next event.
        </Text>
      )}
      <ul className={classes.trickle}>
        {live.shown.slice(0, shown).map((entry) => (
          <li key={entry.n} className={classes.line}>
            <KindIcon kind={entry.kind} />
            <Text span size="sm" className={classes.what}>
              <Happened kind={entry.kind} name={entry.name} />
            </Text>
            <Who workspace={workspace} entry={entry} />
            {entry.at && (
              <Text
                component="time"
                size="xs"
                c="dimmed"
                className="number"
                dateTime={entry.at}
                title={whole(entry.at, zone)}
              >
                {clock(entry.at, zone)}
              </Text>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
