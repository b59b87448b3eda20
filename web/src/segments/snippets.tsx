import { Anchor, Button, Code, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { useCopy } from '../app/copy';
import type { Segment } from './api';
import { calls, type Language, languages, snippet } from './snippet';

/** How programs ask for a segment: calls that run as they stand. */
export function Snippets({ segment }: { segment: Segment }) {
  const [language, setLanguage] = useState<Language>('curl');
  return (
    <Stack gap="lg" maw={900}>
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">
          A key is made under Settings; put it into <Code>CARPEL_KEY</Code>. The segment’s key is{' '}
          <Code>{segment.key}</Code> and never changes.
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="Language"
          value={language}
          onChange={(to) => setLanguage(to as Language)}
          data={languages.map((l) => ({ value: l.id, label: l.name }))}
        />
      </Group>
      {calls
        .filter((call) => !call.manual || segment.kind === 'manual')
        .map((call) => (
          <Snippet key={call.title} title={call.title} code={snippet(call, language, location.origin, segment.key)} />
        ))}
      <Text size="sm">
        All calls are in the{' '}
        <Anchor href="/api/docs" target="_blank" rel="noreferrer" underline="always" inherit>
          API reference
        </Anchor>
        .
      </Text>
    </Stack>
  );
}

function Snippet({ title, code }: { title: string; code: string }) {
  const { copied, copy } = useCopy();
  return (
    <section>
      <Group justify="space-between" mb={6}>
        <Title order={2} size="h5">
          {title}
        </Title>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          onClick={() => copy(code)}
          aria-label={`Copy: ${title}`}
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </Group>
      <Code block tabIndex={0}>
        {code}
      </Code>
    </section>
  );
}
