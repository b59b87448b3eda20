import { Badge, Button, Card, Group, List, Modal, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { count, number, relative, useZone, whole } from '../app/format';
import { notify } from '../app/notify';
import { visible } from '../app/reading';
import { Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { historyQuery, type Impact, impactQuery, type PersonRow, type Segment, useUpdate, type Version } from './api';
import { diff } from './diff';
import { spanOf } from './span';
import classes from './versions.module.css';

/** Every definition that a segment had: what changed, when and by whom, and a way back. */
export function Versions({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const history = useQuery(historyQuery(workspace, segment.key, '30d', () => spanOf('30d', zone, Date.now())));
  const [back, setBack] = useState<Version>();
  const may = useMay('write');
  if (history.error) return <Failure error={history.error} again={() => history.refetch()} />;
  if (!history.data) return <Waiting />;
  const versions = history.data.versions;
  return (
    <Stack gap="sm" maw={900}>
      <ol className={classes.versions} aria-label="Versions, newest first" reversed>
        {versions.map((v, i) => (
          <li key={v.version}>
            <Card withBorder padding="md">
              <Group justify="space-between" align="flex-start" wrap="nowrap" mb={6}>
                <Group gap="xs">
                  <Text fw={600} size="sm">
                    Version {v.version}
                  </Text>
                  {v.version === segment.serving && (
                    <Badge variant="light" tt="none">
                      serves
                    </Badge>
                  )}
                  <Text size="sm" c="dimmed">
                    <time dateTime={v.saved_at} title={whole(v.saved_at, zone)}>
                      {relative(v.saved_at)}
                    </time>
                    {` by ${authorOf(v)}`}
                  </Text>
                </Group>
                {may && i > 0 && segment.state !== 'archived' && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    leftSection={<IconArrowBackUp size={14} />}
                    onClick={() => setBack(v)}
                    aria-label={`Restore version ${v.version}`}
                  >
                    Restore…
                  </Button>
                )}
              </Group>
              <Sentence before={versions[i + 1]?.sentence} after={v.sentence} />
            </Card>
          </li>
        ))}
      </ol>
      {back && <RestoreDialog segment={segment} version={back} close={() => setBack(undefined)} />}
    </Stack>
  );
}

const authorOf = (v: Version) => v.saved_name || `somebody who is gone (${v.saved_by})`;

/** A sentence, with what it changed of the one before. */
function Sentence({ before, after }: { before?: string; after: string }) {
  if (before === undefined) return <Text size="sm">{visible(after)}</Text>;
  if (before === after) {
    return (
      <Text size="sm">
        {visible(after)}{' '}
        <Text span c="dimmed" inherit>
          (said the same, written otherwise)
        </Text>
      </Text>
    );
  }
  return (
    <Text size="sm" component="p" m={0}>
      {diff(visible(before), visible(after)).map((p, i) => {
        const key = `${i}${p.kind}`;
        if (p.kind === 'gone') return <del key={key}>{p.text}</del>;
        if (p.kind === 'new') return <ins key={key}>{p.text}</ins>;
        return <span key={key}>{p.text}</span>;
      })}
    </Text>
  );
}

/** Says what going back to a version would do, before it is done. */
function RestoreDialog({ segment, version, close }: { segment: Segment; version: Version; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const impact = useQuery(impactQuery(workspace, segment.key, version.definition));
  const update = useUpdate(workspace);
  const restore = () =>
    update.mutate(
      { id: segment.id, body: { definition: version.definition as never } },
      { onSuccess: (s) => [notify(`Version ${version.version} is saved again as version ${s.version}`), close()] },
    );
  return (
    <Modal opened onClose={close} title={`Restore version ${version.version} of ${segment.name}`} size="lg">
      <Stack>
        <Sentence before={segment.sentence} after={version.sentence} />
        {impact.isPending && <Skeleton h={90} aria-label="Counting" />}
        <Failure error={impact.error} again={() => impact.refetch()} />
        {impact.data && <Effect impact={impact.data} segment={segment} />}
        <Failure error={update.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button onClick={restore} loading={update.isPending} disabled={!impact.data}>
            Restore
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** What saving a definition does, in numbers and in people. */
function Effect({ impact, segment }: { impact: Impact; segment: Segment }) {
  const becomes = impact.stay + impact.join;
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <Fact label="Becomes" value={`${number(segment.count)} → ${number(becomes)}`} />
        <Fact label="Join" value={`+${number(impact.join)}`} people={impact.join_sample} all={impact.join} />
        <Fact label="Leave" value={`−${number(impact.leave)}`} people={impact.leave_sample} all={impact.leave} />
      </SimpleGrid>
      {impact.segments.length > 0 && (
        <div>
          <Text size="sm">With it change:</Text>
          <List size="sm">
            {impact.segments.map((s) => (
              <List.Item key={s.id}>
                {s.name}: {count(s.join, 'person joins', 'people join')}, {number(s.leave)} leave
              </List.Item>
            ))}
          </List>
        </div>
      )}
      {impact.campaigns.map((c) => (
        <Text size="sm" key={c.id}>
          {c.name} would start for {count(c.would_start, 'person', 'people')}
        </Text>
      ))}
    </Stack>
  );
}

function Fact({
  label,
  value,
  people = [],
  all = 0,
}: {
  label: string;
  value: string;
  people?: PersonRow[];
  all?: number;
}) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fw={600} className="number">
        {value}
      </Text>
      {people.length > 0 && (
        <Text size="xs" c="dimmed" lineClamp={3}>
          {people.map((p) => p.email ?? p.id ?? p.key).join(', ')}
          {all > people.length && ' …'}
        </Text>
      )}
    </div>
  );
}
