import { ActionIcon, Badge, Button, Group, Menu, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconDots, IconHistory, IconSend, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useBlocker, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { notify } from '../app/notify';
import { Page } from '../app/page';
import { Failure, Waiting } from '../app/states';
import { useMay } from '../session/api';
import { type Content, type Template, templateQuery, useDelete, useSave } from './api';
import { same } from './draft';
import { Fields } from './fields';
import { kindName } from './kinds';
import { Preview } from './preview';
import { TestSend } from './test_send';
import { Versions } from './versions';

/** One template: what it says on the left, what that becomes for a real person on the right. */
export function TemplatePage() {
  const { workspace, template: key } = useParams({ from: '/w/$workspace/templates/$template' });
  const template = useQuery(templateQuery(workspace, key));
  if (template.data) return <Editor key={template.data.id} saved={template.data} />;
  return (
    <Page title={key} heading={template.error ? undefined : ' '}>
      {template.error ? <Failure error={template.error} again={() => template.refetch()} /> : <Waiting />}
    </Page>
  );
}

function Editor({ saved }: { saved: Template }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const may = useMay('write');
  const save = useSave(workspace);
  const [base, setBase] = useState(saved); // what the draft was made from
  const [content, setContent] = useState<Content>(saved.content);
  const [testing, setTesting] = useState(false);
  const [past, setPast] = useState(false);
  const changed = !same(content, base.content);
  useBlocker({
    shouldBlockFn: () => changed && !window.confirm('Leave without saving? What you changed is lost.'),
    enableBeforeUnload: () => changed,
    disabled: !changed,
  });
  const keep = () =>
    save.mutate(
      { id: saved.id, etag: etagOf(base), content },
      { onSuccess: (t) => [setBase(t), setContent(t.content), notify(`Version ${t.version} is saved`)] },
    );
  return (
    <Page
      title={saved.name}
      about={
        <Group gap="xs">
          <Badge variant="light" color="gray">
            {kindName(saved.kind)}
          </Badge>
          <Text span size="sm">
            Version {base.version}
            {changed && ', changed'}
          </Text>
        </Group>
      }
      actions={
        <>
          <Button variant="default" leftSection={<IconSend size={16} />} onClick={() => setTesting(true)}>
            Send a test
          </Button>
          {may && (
            <Button loading={save.isPending} disabled={!changed} onClick={keep}>
              Save
            </Button>
          )}
          <More template={saved} showPast={() => setPast(true)} />
        </>
      }
    >
      <Failure error={save.error} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack miw={0}>
          <Fields content={content} change={setContent} fault={save.error} readOnly={!may} />
        </Stack>
        <Preview content={content} />
      </SimpleGrid>
      {testing && <TestSend content={content} close={() => setTesting(false)} />}
      {past && (
        <Versions
          template={saved}
          close={() => setPast(false)}
          take={may ? (old) => [setContent(old), setPast(false)] : undefined}
        />
      )}
    </Page>
  );
}

/** What If-Match takes: the moment of the last change, in milliseconds. */
const etagOf = (t: Template) => `"${new Date(t.updated_at).getTime()}"`;

function More({ template, showPast }: { template: Template; showPast: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  const remove = useDelete(workspace);
  const may = useMay('write');
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size={36} variant="default" aria-label="More actions">
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconHistory size={16} />} onClick={showPast}>
          Earlier versions
        </Menu.Item>
        {may && (
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} />}
            onClick={() =>
              window.confirm(`Delete ${template.name}?`) &&
              remove.mutate(template.id, {
                onSuccess: () => navigate({ to: '/w/$workspace/templates', params: { workspace } }),
                onError: (error) => notify(error.message),
              })
            }
          >
            Delete
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
