import { Alert, Group, Paper, SegmentedControl, Stack, Text, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconAlertTriangle, IconDeviceDesktop, IconDeviceMobile } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { bytes } from '../app/format';
import { MailFrame } from '../app/mail_frame';
import { Failure, Waiting } from '../app/states';
import { type Content, type Preview as Made, previewQuery, somebodyQuery } from './api';
import { PersonPick } from './person_pick';
import classes from './preview.module.css';

/** What the template becomes for a real person, a moment after each change. */
export function Preview({ content }: { content: Content }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const { person, part = 'body' } = useSearch({ from: '/w/$workspace/templates/$template' });
  const navigate = useNavigate({ from: '/w/$workspace/templates/$template' });
  const [settled] = useDebouncedValue(content, 250);
  const somebody = useQuery(somebodyQuery(workspace)).data;
  const preview = useQuery(previewQuery(workspace, settled, person ?? somebody));
  const [width, setWidth] = useState('desktop');
  return (
    <Stack gap="sm" component="section" aria-label="Preview" className={classes.preview}>
      <Group justify="space-between" align="flex-end" gap="xs">
        <PersonPick
          person={person}
          placeholder={somebody ?? undefined}
          choose={(chosen) => navigate({ search: (old) => ({ ...old, person: chosen }), replace: true })}
        />
        {content.email && (
          <Group gap="xs">
            <SegmentedControl
              size="xs"
              aria-label="Part shown"
              value={part}
              onChange={(p) =>
                navigate({ search: (old) => ({ ...old, part: p === 'text' ? 'text' : undefined }), replace: true })
              }
              data={[
                { value: 'body', label: 'Page' },
                { value: 'text', label: 'Plain text' },
              ]}
            />
            <SegmentedControl
              size="xs"
              aria-label="Width"
              value={width}
              onChange={setWidth}
              data={[
                { value: 'desktop', label: <Size icon={IconDeviceDesktop} label="Desktop" /> },
                { value: 'phone', label: <Size icon={IconDeviceMobile} label="Phone" /> },
              ]}
            />
          </Group>
        )}
      </Group>
      <Failure error={preview.error} />
      {preview.isPending && <Waiting />}
      {preview.data && (
        <div className={classes.made} data-old={preview.isPlaceholderData || preview.isError}>
          <Notes made={preview.data} />
          <Message made={preview.data} text={part === 'text'} width={width === 'phone' ? 375 : undefined} />
        </div>
      )}
    </Stack>
  );
}

function Size({ icon: Icon, label }: { icon: typeof IconDeviceDesktop; label: string }) {
  return (
    <Tooltip label={label}>
      <span className={classes.size}>
        <Icon size={16} aria-hidden />
        <span className={classes.unseen}>{label}</span>
      </span>
    </Tooltip>
  );
}

/** What is missing, and what to look at. */
function Notes({ made }: { made: Made }) {
  const { missing } = made;
  return (
    <>
      {missing.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle size={18} />} title="This person would be skipped" mb="sm">
          <Text size="sm">
            {missing.length === 1 ? 'There is no value for ' : 'There are no values for '}
            {missing.map((name, i) => (
              <span key={name}>
                {i > 0 && ', '}
                <code>{name}</code>
              </span>
            ))}
            . A default lets the message go out all the same: <code>{`{{ ${missing[0]} | default: "there" }}`}</code>
          </Text>
        </Alert>
      )}
      {made.warnings.map((w) => (
        <Alert key={w.code} color="orange" mb="sm">
          <Text size="sm">{w.message}</Text>
        </Alert>
      ))}
    </>
  );
}

function Message({ made, text, width }: { made: Made; text: boolean; width?: number }) {
  if (made.kind === 'email') {
    return (
      <Paper withBorder>
        <Stack gap={2} p="sm" className={classes.head}>
          <Text fw={600}>{made.subject || 'No subject'}</Text>
          <Text size="sm" c="dimmed">
            {made.from || 'From the address set for the workspace'}
            {' · '}
            {bytes(made.size)}
          </Text>
        </Stack>
        {text ? (
          <pre className={classes.text}>{made.text}</pre>
        ) : (
          <MailFrame html={made.html ?? ''} title="The email" width={width} />
        )}
      </Paper>
    );
  }
  if (made.push) {
    return (
      <Paper withBorder p="md" radius="lg" maw={380} mx="auto">
        <Text fw={600}>{made.push.title}</Text>
        <Text size="sm">{made.push.body}</Text>
        {made.push.link && (
          <Text size="xs" c="dimmed" mt="xs">
            Opens {made.push.link}
          </Text>
        )}
      </Paper>
    );
  }
  if (!made.webhook) return null;
  return (
    <Paper withBorder>
      <pre className={classes.text}>
        {`${made.webhook.method} ${made.webhook.url}\n`}
        {Object.entries(made.webhook.headers ?? {})
          .map(([name, value]) => `${name}: ${value}\n`)
          .join('')}
        {`\n${made.webhook.body}`}
      </pre>
    </Paper>
  );
}
