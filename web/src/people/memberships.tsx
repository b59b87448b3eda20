import { Group, Paper, Select, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { brief, useZone, whole } from '../app/format';
import { visible } from '../app/reading';
import { Empty, Failure, Waiting } from '../app/states';
import { segmentsQuery } from '../segments/api';
import { type Membership, membershipsQuery, type Person } from './api';
import classes from './people.module.css';
import { Why } from './why';

interface Props {
  workspace: string;
  person: Person;
  /** Key of the segment whose why is shown. */
  open?: string;
  onOpen: (segment?: string) => void;
}

/** The segments somebody is in, each with why; and any other, with why not. */
export function Memberships({ workspace, person, open, onOpen }: Props) {
  const { data, error, refetch, isPending } = useQuery(membershipsQuery(workspace, person.key));
  if (isPending) return <Waiting />;
  if (error && !data) return <Failure error={error} again={() => void refetch()} />;
  const all = data?.segments ?? [];
  const other = open && !all.some((m) => m.key === open) ? open : undefined;
  return (
    <Stack gap="lg">
      {all.length === 0 ? (
        <Empty title="In no segment">Check one below, to see what is missing.</Empty>
      ) : (
        <ul className={classes.memberships}>
          {all.map((m) => (
            <Row
              key={m.id}
              workspace={workspace}
              person={person}
              membership={m}
              open={open === m.key}
              onToggle={() => onOpen(open === m.key ? undefined : m.key)}
            />
          ))}
        </ul>
      )}
      <Another workspace={workspace} person={person} members={all} chosen={other} onChoose={onOpen} />
    </Stack>
  );
}

function Row({
  workspace,
  person,
  membership,
  open,
  onToggle,
}: {
  workspace: string;
  person: Person;
  membership: Membership;
  open: boolean;
  onToggle: () => void;
}) {
  const zone = useZone();
  const id = useId();
  const { entered_at: entered, leaves_at: leaves } = membership;
  return (
    <li className={classes.membership}>
      <UnstyledButton
        className={classes.membershipHead}
        onClick={onToggle}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
      >
        <IconChevronRight size={14} className="chevron" data-open={open || undefined} aria-hidden />
        <span className={classes.what}>
          <bdi>{visible(membership.name)}</bdi>
        </span>
        <Group gap="xs" className={classes.when}>
          {entered && (
            <Text size="xs" c="dimmed" title={whole(entered, zone)}>
              in since {brief(entered, zone)}
            </Text>
          )}
          {leaves && (
            <Text size="xs" className={classes.leaves} title={`${whole(leaves, zone)}, if nothing else happens`}>
              leaves {brief(leaves, zone)}
            </Text>
          )}
          <span className={classes.whyLabel} aria-hidden>
            Why
          </span>
        </Group>
      </UnstyledButton>
      {open && (
        <div id={id} className={classes.why}>
          <Why workspace={workspace} person={person} segment={membership.key} />
        </div>
      )}
    </li>
  );
}

function Another({
  workspace,
  person,
  members,
  chosen,
  onChoose,
}: {
  workspace: string;
  person: Person;
  members: readonly Membership[];
  chosen?: string;
  onChoose: (segment?: string) => void;
}) {
  const { data } = useQuery(segmentsQuery(workspace, {}));
  const others = (data?.segments ?? []).filter((s) => !members.some((m) => m.id === s.id) && s.state !== 'archived');
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="another">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h5" id="another">
            Check another segment
          </Title>
          <Select
            aria-labelledby="another"
            placeholder="Choose a segment"
            searchable
            clearable
            limit={100}
            w={{ base: '100%', xs: 280 }}
            data={others.map((s) => ({ value: s.key, label: s.name }))}
            value={chosen ?? null}
            onChange={(key) => onChoose(key ?? undefined)}
            nothingFoundMessage="No segment of that name that they are not in"
          />
        </Group>
        {chosen && <Why workspace={workspace} person={person} segment={chosen} />}
      </Stack>
    </Paper>
  );
}
