import { createSpotlight, Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { segmentsQuery } from '../segments/api';
import { screens } from './screens';

const [store, spotlight] = createSpotlight();

/** ⌘K: go to a segment, a screen or an action, by typing. Loaded when it is first asked for; asked counts how often. */
export default function Palette({ asked }: { asked: number }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const segments = useQuery(segmentsQuery(workspace, {}));
  useEffect(() => {
    if (asked > 0) spotlight.open();
  }, [asked]);
  const goTo: SpotlightActionData[] = screens.map(({ to, label, icon: Icon }) => ({
    id: to,
    label,
    leftSection: <Icon size={18} />,
    onClick: () => navigate({ to, params: { workspace } }),
  }));
  goTo.push({
    id: 'new',
    label: 'New segment',
    description: 'Build one from conditions',
    onClick: () => navigate({ to: '/w/$workspace/segments/new', params: { workspace } }),
  });
  if (query.trim()) {
    goTo.push({
      id: 'people',
      label: `Find people by “${query.trim()}”`,
      keywords: [query],
      onClick: () =>
        navigate({ to: '/w/$workspace/people', params: { workspace }, search: { search: query.trim() } as never }),
    });
  }
  return (
    <Spotlight
      store={store}
      query={query}
      onQueryChange={setQuery}
      nothingFound="Nothing of that name"
      highlightQuery
      limit={12}
      searchProps={{ placeholder: 'Go to a segment or a screen', 'aria-label': 'Go to' }}
      actions={[
        { group: 'Screens', actions: goTo },
        {
          group: 'Segments',
          actions: (segments.data?.segments ?? []).map((s) => ({
            id: s.id,
            label: s.name,
            description: s.sentence,
            leftSection: <IconUsersGroup size={18} />,
            onClick: () => navigate({ to: '/w/$workspace/segments/$segment', params: { workspace, segment: s.key } }),
          })),
        },
      ]}
    />
  );
}
