import { Button, Group, Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { notify } from '../app/notify';
import { Failure } from '../app/states';
import { sessionQuery } from '../session/api';
import { type Content, somebodyQuery, useTestSend } from './api';

/** Sends one message as a try-out: into the sandbox, or to an address of somebody who works here. */
export function TestSend({ content, close }: { content: Content; close: () => void }) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const chosen = useSearch({ from: '/w/$workspace/templates/$template' }).person;
  const somebody = useQuery(somebodyQuery(workspace)).data;
  const person = chosen ?? somebody ?? undefined;
  const mine = useQuery(sessionQuery).data?.user?.email ?? '';
  const send = useTestSend();
  const [where, setWhere] = useState('sandbox');
  const [to, setTo] = useState(mine);
  const real = where === 'address' && content.email;
  return (
    <Modal opened onClose={close} title="Send a test">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate(
            { content, person, to: real ? to : undefined },
            {
              onSuccess: ({ accepted, detail }) => {
                notify(
                  accepted
                    ? real
                      ? `On its way to ${to}`
                      : 'It is in the inbox of the sandbox'
                    : `It was not taken: ${detail}`,
                );
                close();
              },
            },
          );
        }}
      >
        <Stack>
          <Text size="sm">
            Made with the data of {person ?? 'nobody'}. It counts in no report, and nobody else gets it.
          </Text>
          {content.email && (
            <Radio.Group value={where} onChange={setWhere} label="To">
              <Stack gap="xs" mt={6}>
                <Radio value="sandbox" label="The sandbox" description="Shown in Carpel; nothing leaves" />
                <Radio
                  value="address"
                  label="An address"
                  description="Of somebody who works in this workspace, by its email channel"
                />
              </Stack>
            </Radio.Group>
          )}
          {real && (
            <TextInput
              label="Address"
              type="email"
              required
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
          )}
          <Failure error={send.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={send.isPending}>
              Send
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
