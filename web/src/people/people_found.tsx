import { Anchor, Button, Text } from '@mantine/core';
import { IconUser } from '@tabler/icons-react';
import { type UseInfiniteQueryResult, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { visible } from '../app/reading';
import { Empty } from '../app/states';
import { type PeopleFilter, type Person, personQuery } from './api';
import { nameOf } from './name';
import { PeopleTable } from './people_table';

export interface FoundPeople
  extends Pick<
    UseInfiniteQueryResult<{ pages: { people: Person[] | null }[] }>,
    'data' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage' | 'isPlaceholderData' | 'isSuccess'
  > {}

/** The people that were found, or why there are none. */
export function Found({
  workspace,
  found,
  filter,
  columns,
}: {
  workspace: string;
  found: FoundPeople;
  filter: PeopleFilter;
  columns: string[];
}) {
  const people = found.data?.pages.flatMap((page) => page.people ?? []) ?? [];
  if (people.length > 0) return <PeopleTable workspace={workspace} people={people} found={found} columns={columns} />;
  if (!found.isSuccess) return null;
  if (filter.attribute && filter.value !== undefined) {
    return (
      <Empty title="Nobody like that">
        There is nobody whose <bdi>{visible(filter.attribute)}</bdi> is <bdi>{visible(filter.value)}</bdi>.
      </Empty>
    );
  }
  if (filter.search) return <NobodyBegins workspace={workspace} search={filter.search} />;
  return (
    <Empty
      title="Nobody yet"
      icon={<IconUser size={32} stroke={1.4} />}
      action={
        <Button renderRoot={(props) => <Link {...props} to="/w/$workspace/data" params={{ workspace }} />}>
          Send or import data
        </Button>
      }
    >
      People show up here with the first call that names them by a user id or an email.
    </Empty>
  );
}

/** Nobody's id or email begins so; it may be a key, or one of several ids of somebody. */
function NobodyBegins({ workspace, search }: { workspace: string; search: string }) {
  const { data } = useQuery({ ...personQuery(workspace, search), retry: false });
  if (data) {
    return (
      <Empty title="One person is known by exactly that">
        <Anchor
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/people/$person" params={{ workspace, person: data.key }} />
          )}
        >
          <bdi>{visible(nameOf(data))}</bdi>
        </Anchor>
      </Empty>
    );
  }
  return (
    <Empty title="Nobody like that">
      <Text span inherit>
        No id and no email begins with <bdi>{visible(search)}</bdi>. To find people by anything else, choose an
        attribute.
      </Text>
    </Empty>
  );
}
