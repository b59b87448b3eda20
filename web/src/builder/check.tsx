import { Anchor, Autocomplete, CloseButton, Group, Paper, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { brief, useZone } from '../app/format';
import { Failure } from '../app/states';
import { type Halves, join } from '../definition/halves';
import { type NodeId, pointers, toDefinition } from '../definition/tree';
import { ExplainTree } from '../explain/explain_tree';
import { findPeopleQuery } from '../segments/api';
import { type Explained, explainQuery } from './api';
import classes from './builder.module.css';
import { personName } from './counts';

/** The explanation of an unsaved definition for one person, and how each of its nodes is for them. */
export function useCheck(workspace: string, person: string, halves: Halves) {
  const [asked] = useDebouncedValue(halves, 250);
  const tree = useMemo(() => join(asked), [asked]);
  const definition = useMemo(() => tree && toDefinition(tree), [tree]);
  const answer = useQuery(explainQuery(workspace, person, definition));
  const explained = person === '' ? undefined : answer.data;
  const verdicts = useMemo(() => {
    const found = new Map<NodeId, Explained>();
    if (!tree || !explained) return found;
    const at = new Map(explained.tree.map((node) => [node.pointer, node]));
    for (const [id, pointer] of pointers(tree)) {
      const verdict = at.get(pointer);
      if (verdict) found.set(id, verdict);
    }
    return found;
  }, [tree, explained]);
  return { explained, verdicts, error: answer.error };
}

type Checked = ReturnType<typeof useCheck>;

/** Whether a person of one's choice is in, and why. */
export function Check({
  person,
  choose,
  checked,
}: {
  person: string;
  choose: (person: string | undefined) => void;
  checked: Checked;
}) {
  return (
    <Paper withBorder p="md" component="section" aria-label="Check a person">
      <Stack gap="xs">
        {person === '' ? <Find choose={choose} /> : <Answer checked={checked} close={() => choose(undefined)} />}
      </Stack>
    </Paper>
  );
}

function Find({ choose }: { choose: (person: string) => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 150);
  const found = useQuery(findPeopleQuery(workspace, search));
  const people = search === '' ? [] : (found.data ?? []);
  const options = [...new Map(people.map((person) => [personName(person), person])).values()];
  return (
    <Autocomplete
      label="Check a person"
      placeholder="Beginning of an email or id"
      value={typed}
      onChange={setTyped}
      data={options.map((person) => ({ value: personName(person) }))}
      filter={({ options }) => options}
      onOptionSubmit={(name) => {
        const person = options.find((p) => personName(p) === name);
        if (person) choose(person.key);
      }}
      onKeyDown={(event) => {
        const only = options.length === 1 || options[0] === undefined ? options[0] : undefined;
        if (event.key === 'Enter' && !event.defaultPrevented && only) choose(only.key);
      }}
      description={
        search !== '' && found.isSuccess && people.length === 0
          ? `Nobody's email or id begins with “${search}”.`
          : undefined
      }
      inputWrapperOrder={['label', 'input', 'description']}
    />
  );
}

function Answer({ checked: { explained, error }, close }: { checked: Checked; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const whole = explained?.tree[0];
  return (
    <>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        {explained ? (
          <Text size="sm" className={classes.checked}>
            <Anchor
              fw={600}
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/w/$workspace/people/$person"
                  params={{ workspace, person: explained.person.key }}
                />
              )}
            >
              {personName(explained.person)}
            </Anchor>
          </Text>
        ) : (
          <Text size="sm">{error ? 'Nobody to check' : 'Looking…'}</Text>
        )}
        <CloseButton size="sm" aria-label="Check somebody else" onClick={close} />
      </Group>
      <Failure error={error} />
      {explained && (
        <>
          <Group gap={6} role="status">
            <span className={classes.verdict} data-good={explained.matched || undefined}>
              {explained.matched ? <IconCheck size={18} stroke={2.6} /> : <IconX size={18} stroke={2.6} />}
            </span>
            <Text fw={600}>{explained.matched ? 'is in' : 'is not in'}</Text>
            {whole?.next_change && (
              <Text size="sm" c="dimmed">
                {explained.matched ? 'leaves' : 'enters'} about {brief(whole.next_change, zone)} by time alone
              </Text>
            )}
          </Group>
          <ExplainTree tree={explained.tree} matched={explained.matched} />
        </>
      )}
    </>
  );
}
