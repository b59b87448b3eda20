import { Input, SegmentedControl, Select, Skeleton, Stack, Textarea, TextInput } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { ApiError } from '../api/client';
import type { Content } from './api';
import { placeOf, withField } from './draft';
import { useNames } from './names';

const CodeEditor = lazy(() => import('./code_editor'));

interface Props {
  content: Content;
  change: (content: Content) => void;
  fault: unknown; // of saving or of the preview
  readOnly: boolean;
}

/** What a template says, field by field. */
export function Fields({ content, change, fault, readOnly }: Props) {
  const set = (field: string) => (value: unknown) => change(withField(content, field, value));
  const text = (field: string) => ({
    readOnly,
    error: faultOf(fault, field),
    onChange: (event: { currentTarget: { value: string } }) => set(field)(event.currentTarget.value),
  });
  if (content.email) {
    const { email } = content;
    return (
      <Stack gap="sm">
        <TextInput label="Subject" required value={email.subject} {...text('subject')} />
        <TextInput
          label="Preheader"
          description="What inboxes show behind the subject"
          value={email.preheader ?? ''}
          {...text('preheader')}
        />
        <TextInput
          label="From"
          placeholder="As set for the workspace: Ana <ana@example.com>"
          value={email.from ?? ''}
          {...text('from')}
        />
        <TextInput label="Reply to" value={email.reply_to ?? ''} {...text('reply_to')} />
        <Parts email={email} set={set} fault={fault} readOnly={readOnly} />
      </Stack>
    );
  }
  if (content.push) {
    const { push } = content;
    return (
      <Stack gap="sm">
        <TextInput label="Title" required value={push.title} {...text('title')} />
        <Textarea label="Text" required autosize minRows={3} value={push.body} {...text('body')} />
        <TextInput label="Link" description="Opened by a tap" value={push.link ?? ''} {...text('link')} />
        <TextInput label="Picture" placeholder="https://…" value={push.image ?? ''} {...text('image')} />
      </Stack>
    );
  }
  const { webhook } = content;
  if (!webhook) return null;
  return (
    <Stack gap="sm">
      <Select
        label="Method"
        allowDeselect={false}
        data={['POST', 'PUT', 'PATCH', 'GET', 'DELETE']}
        value={webhook.method}
        onChange={(method) => set('method')(method)}
        readOnly={readOnly}
      />
      <TextInput label="Address" required value={webhook.url} {...text('url')} />
      <Code label="Body" value={webhook.body ?? ''} set={set('body')} fault={fault} field="body" readOnly={readOnly} />
    </Stack>
  );
}

/** The body of an email, as a page and as plain text. */
function Parts({
  email,
  set,
  fault,
  readOnly,
}: {
  email: NonNullable<Content['email']>;
  set: (field: string) => (value: unknown) => void;
  fault: unknown;
  readOnly: boolean;
}) {
  const [part, setPart] = useState('body');
  return (
    <Stack gap={6}>
      <SegmentedControl
        aria-label="Part of the email"
        value={part}
        onChange={setPart}
        data={[
          { value: 'body', label: email.format === 'mjml' ? 'Body (MJML)' : 'Body (HTML)' },
          { value: 'text', label: email.text ? 'Plain text' : 'Plain text (made from the body)' },
        ]}
      />
      {part === 'body' ? (
        <Code label="Body" value={email.body} set={set('body')} fault={fault} field="body" readOnly={readOnly} />
      ) : (
        <Textarea
          label="Plain text"
          description="For readers that show no pages. Left empty, it is made from the body."
          autosize
          minRows={12}
          value={email.text ?? ''}
          readOnly={readOnly}
          error={faultOf(fault, 'text')}
          onChange={(event) => set('text')(event.currentTarget.value)}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
      )}
    </Stack>
  );
}

function Code({
  label,
  value,
  set,
  fault,
  field,
  readOnly,
}: {
  label: string;
  value: string;
  set: (value: string) => void;
  fault: unknown;
  field: string;
  readOnly: boolean;
}) {
  const names = useNames();
  const message = faultOf(fault, field);
  return (
    <Input.Wrapper label={label} error={message} labelElement="div">
      <Suspense fallback={<Skeleton h={320} />}>
        <CodeEditor
          label={label}
          value={value}
          onChange={set}
          names={names}
          faults={message ? [{ ...placeOf(message), message }] : none}
          readOnly={readOnly}
        />
      </Suspense>
    </Input.Wrapper>
  );
}

const none: [] = [];

/** What an error says of a field; undefined when it is about another. */
export function faultOf(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.problem.pointer?.endsWith(`/${field}`) ? error.problem.detail : undefined;
}
