import { Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { At } from '../app/at';
import { useZone } from '../app/format';
import { Failure } from '../app/states';
import { broughtQuery } from '../people/api';
import { Happened, KindIcon } from '../people/happening';
import { Properties } from '../people/properties';
import type { Entry } from './api';
import classes from './home.module.css';
import { Who } from './who';

/** One thing that came in; opened, with what it brought. */
export function ActivityRow({ workspace, entry }: { workspace: string; entry: Entry }) {
  const zone = useZone();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li className={classes.entry}>
      <div className={classes.line}>
        <UnstyledButton
          className={classes.opener}
          onClick={() => setOpen(!open)}
          aria-expanded={open}
          aria-controls={open ? id : undefined}
        >
          <IconChevronRight size={14} className="chevron" data-open={open || undefined} aria-hidden />
          <KindIcon kind={entry.kind} />
          <span className={classes.what}>
            <Happened kind={entry.kind} name={entry.name} />
          </span>
        </UnstyledButton>
        <Who workspace={workspace} entry={entry} />
        {entry.at && <At at={entry.at} zone={zone} />}
      </div>
      {open && (
        <div id={id} className={classes.details}>
          <Brought workspace={workspace} entry={entry} />
        </div>
      )}
    </li>
  );
}

function Brought({ workspace, entry }: { workspace: string; entry: Entry }) {
  const { person, kind, name } = entry;
  const { data, error, isPending, refetch } = useQuery({
    ...broughtQuery(workspace, { person, kind, name, at: entry.at ?? '' }),
    enabled: person !== '',
  });
  if (person !== '' && isPending) return <Text size="sm">Reading…</Text>;
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (data) return <Properties properties={data} />;
  return (
    <Text size="sm" c="dimmed">
      {person === '' ? 'Kept until the visitor is identified.' : 'There is nothing more to tell about it.'}
    </Text>
  );
}
