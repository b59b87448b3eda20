import { Button, Group, Modal, Radio, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Failure } from '../app/states';
import { type Content, startersQuery, useCreate } from './api';
import { type Kind, kindNames } from './kinds';

/** A new template: of which kind, and what it begins with. */
export function NewTemplate({ close }: { close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const navigate = useNavigate();
  const starters = useQuery(startersQuery).data ?? [];
  const create = useCreate(workspace);
  const [kind, setKind] = useState<Kind>('email');
  const [name, setName] = useState('');
  const [starter, setStarter] = useState('');
  const begin = starters.find((s) => s.key === starter);
  const content = kind === 'email' && begin ? begin.content : blank[kind];
  return (
    <Modal opened onClose={close} title="New template">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { name: name.trim(), content },
            {
              onSuccess: (t) =>
                navigate({ to: '/w/$workspace/templates/$template', params: { workspace, template: t.key } }),
            },
          );
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="For you and your colleagues; nobody else sees it"
            required
            maxLength={150}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <SegmentedControl
            aria-label="Kind"
            value={kind}
            onChange={(k) => setKind(k as Kind)}
            data={Object.entries(kindNames).map(([value, label]) => ({ value, label }))}
          />
          {kind === 'email' && (
            <Radio.Group label="Begin with" value={starter} onChange={setStarter}>
              <Stack gap="xs" mt={6}>
                {starters.map((s) => (
                  <Radio key={s.key} value={s.key} label={s.name} description={s.description} />
                ))}
                <Radio value="" label="Nothing" description="An empty page with your words on it" />
              </Stack>
            </Radio.Group>
          )}
          {kind === 'webhook' && (
            <Text size="sm" c="dimmed">
              A webhook calls an address of another system, for each person.
            </Text>
          )}
          <Failure error={create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const blank: Readonly<Record<Kind, Content>> = {
  email: {
    email: {
      subject: 'Hello {{ customer.first_name | default: "there" }}',
      format: 'mjml',
      body: `<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text>Hello {{ customer.first_name | default: "there" }},</mj-text>
        <mj-text font-size="12px" color="#6b6b6b"><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`,
    },
  },
  push: { push: { title: 'Hello {{ customer.first_name | default: "there" }}', body: 'What is new for you' } },
  webhook: {
    webhook: {
      method: 'POST',
      url: 'https://example.com/hook',
      headers: { 'Content-Type': 'application/json' },
      body: '{"id": {{ customer.id | json }}, "email": {{ customer.email | json }}}',
    },
  },
};
