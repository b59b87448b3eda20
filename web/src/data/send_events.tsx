import { Button, Group, Select, Stack, Tabs, Text } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../app/states';
import { useMay } from '../session/api';
import { useCreateKey } from './api';
import { Arrival } from './arrival';
import { CodeBlock } from './code';
import { placeholder, sources } from './snippets';

/** The secrets that were shown in this tab, by the kind of their key. */
export type Secrets = Partial<Record<'pk' | 'sk' | 'ak', string>>;

/**
 * How a program sends its first event: a snippet with the real address, and with the real key once one was made here,
 * and whether anything has come in.
 */
export function SendEvents({ secrets, onSecret }: { secrets: Secrets; onSecret: (more: Secrets) => void }) {
  const [chosen, setChosen] = useState(sources[0].id);
  const source = sources.find((s) => s.id === chosen) ?? sources[0];
  const admin = useMay('admin');
  const create = useCreateKey();
  const key = secrets[source.kind];
  const make = () =>
    create.mutate(
      { kind: source.kind, name: source.kind === 'pk' ? 'Browser' : 'Server' },
      { onSuccess: (made) => onSecret({ [source.kind]: made.secret }) },
    );
  const code = source.code({ url: location.origin, key: key ?? placeholder[source.kind] });
  return (
    <Stack gap="sm">
      <Tabs value={chosen} onChange={(id) => id && setChosen(id)} visibleFrom="sm" variant="pills">
        <Tabs.List aria-label="Send from">
          {sources.map((s) => (
            <Tabs.Tab key={s.id} value={s.id} aria-controls="snippet">
              {s.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <Select
        hiddenFrom="sm"
        label="Send from"
        allowDeselect={false}
        data={sources.map((s) => ({ value: s.id, label: s.label }))}
        value={chosen}
        onChange={(id) => id && setChosen(id)}
      />
      <Failure error={create.error} />
      <Stack gap="sm" id="snippet">
        {key === undefined && (
          <Group gap="sm">
            {admin ? (
              <>
                <Button size="xs" onClick={make} loading={create.isPending}>
                  Make a key and put it in
                </Button>
                <Text size="sm" c="dimmed">
                  or put one that you kept in place of {placeholder[source.kind]}.
                </Text>
              </>
            ) : (
              <Text size="sm" c="dimmed">
                Ask an admin of the workspace for a key, and put it in place of {placeholder[source.kind]}.
              </Text>
            )}
          </Group>
        )}
        {key !== undefined && (
          <Text size="sm" c="dimmed">
            The key is in the snippet. Keep it: it is shown only now.
            {source.kind === 'pk' && ' Everybody who opens your pages can read it; it can only send.'}
          </Text>
        )}
        {source.install && <CodeBlock text={source.install} label="Install" />}
        <CodeBlock text={code} label="Snippet" />
      </Stack>
      <Arrival />
    </Stack>
  );
}
