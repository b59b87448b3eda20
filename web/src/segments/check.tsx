import { Alert, Anchor, Autocomplete, CloseButton, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUserSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Failure } from '../app/states';
import { ExplainTree } from '../explain/explain_tree';
import { explainQuery, findPeopleQuery, type Segment } from './api';

/** Looks somebody up in a segment: in or not, and why. */
export function Check({ segment }: { segment: Segment }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const { person = '' } = useSearch({ from: '/w/$workspace/segments/$segment' });
  const navigate = useNavigate();
  const [text, setText] = useState(person);
  const [typed] = useDebouncedValue(text.trim(), 150);
  const found = useQuery(findPeopleQuery(workspace, typed)).data ?? [];
  const look = (person: string) =>
    navigate({
      from: '/w/$workspace/segments/$segment',
      to: '.',
      search: (before) => ({ ...before, person: person.trim() || undefined }),
      replace: true,
      resetScroll: false,
    });
  return (
    <Stack gap="xs" flex="1 1 320px" maw={720} miw={0}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          look(text);
        }}
      >
        <Autocomplete
          maw={360}
          aria-label="Is somebody in it?"
          placeholder="Is somebody in it? Email or user id"
          leftSection={<IconUserSearch size={16} />}
          data={[...new Set(found.map((p) => p.email ?? p.id ?? p.key))]}
          filter={({ options }) => options}
          value={text}
          onChange={setText}
          onOptionSubmit={look}
          rightSection={
            text && (
              <CloseButton
                size="sm"
                aria-label="Look for nobody"
                onClick={() => {
                  setText('');
                  look('');
                }}
              />
            )
          }
        />
      </form>
      {person && <Answer segment={segment} person={person} />}
    </Stack>
  );
}

function Answer({ segment, person }: { segment: Segment; person: string }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const why = useQuery(explainQuery(workspace, person, segment.key));
  if (why.error) return <Failure error={why.error} />;
  if (!why.data) return null;
  const { matched, tree, person: who } = why.data;
  return (
    <Alert color={matched ? 'teal' : 'gray'} role="status">
      <Text size="sm" fw={600}>
        <Anchor
          inherit
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: who.key }} />
          )}
        >
          {who.email ?? who.id ?? who.key}
        </Anchor>{' '}
        {matched ? 'is in it' : 'is not in it'}
      </Text>
      {segment.kind === 'dynamic' && <ExplainTree tree={tree} matched={matched} />}
    </Alert>
  );
}
