import { Anchor, Button, Skeleton, Stack, Table, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { count, moment, relative, useZone } from '../app/format';
import { Page } from '../app/page';
import { Empty, Failure } from '../app/states';
import { useMay } from '../session/api';
import { type Template, templatesQuery } from './api';
import { kindName } from './kinds';
import { NewTemplate } from './new_template';

/** What messages are made from. */
export function TemplatesPage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const templates = useQuery(templatesQuery(workspace));
  const may = useMay('write');
  const [making, setMaking] = useState(false);
  const make = may && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      New template
    </Button>
  );
  const all = templates.data ?? [];
  return (
    <Page
      title="Templates"
      about={templates.data && all.length > 0 && count(all.length, 'template', 'templates')}
      actions={all.length > 0 && make}
    >
      <Failure error={templates.error} again={() => templates.refetch()} />
      {templates.isPending && <Skeleton h={240} />}
      {templates.data && all.length === 0 && (
        <Empty title="No template yet" action={make}>
          A template is what a message says, with places for what is known of each person: their name, their plan, what
          they did. Begin with one that is ready.
        </Empty>
      )}
      {all.length > 0 && <Rows templates={all} />}
      {making && <NewTemplate close={() => setMaking(false)} />}
    </Page>
  );
}

function Rows({ templates }: { templates: readonly Template[] }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  return (
    <Table.ScrollContainer minWidth={0}>
      <Table verticalSpacing="sm" highlightOnHover aria-label="Templates">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th visibleFrom="sm">Kind</Table.Th>
            <Table.Th visibleFrom="sm">Version</Table.Th>
            <Table.Th>Changed</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {templates.map((t) => (
            <Table.Tr key={t.id}>
              <Table.Td>
                <Stack gap={0}>
                  <Anchor
                    fw={500}
                    renderRoot={(props) => (
                      <Link {...props} to="/w/$workspace/templates/$template" params={{ workspace, template: t.key }} />
                    )}
                  >
                    {t.name}
                  </Anchor>
                  <Text size="sm" c="dimmed" lineClamp={1}>
                    {t.content.email?.subject ?? t.content.push?.title ?? t.content.webhook?.url}
                  </Text>
                </Stack>
              </Table.Td>
              <Table.Td visibleFrom="sm">{kindName(t.kind)}</Table.Td>
              <Table.Td visibleFrom="sm" className="number">
                {t.version}
              </Table.Td>
              <Table.Td>
                <Text span size="sm" title={moment(t.updated_at, zone)}>
                  {relative(t.updated_at)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
