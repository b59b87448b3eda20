import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { moment, useZone } from '../app/format';
import { Failure, Waiting } from '../app/states';
import { type Content, type Template, versionsQuery } from './api';

/** What a template said before, to be looked at and taken again. */
export function Versions({
  template,
  close,
  take,
}: {
  template: Template;
  close: () => void;
  take?: (content: Content) => void;
}) {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const zone = useZone();
  const versions = useQuery(versionsQuery(workspace, template.key));
  return (
    <Modal opened onClose={close} title="Earlier versions">
      <Stack>
        <Failure error={versions.error} />
        {versions.isPending && <Waiting />}
        {versions.data?.map((v) => (
          <Group key={v.version} justify="space-between" wrap="nowrap">
            <Stack gap={0} miw={0}>
              <Text fw={500}>Version {v.version}</Text>
              <Text size="sm" c="dimmed">
                {moment(v.saved_at, zone)}
              </Text>
            </Stack>
            {take && (
              <Button size="xs" variant="default" onClick={() => take(v.content)}>
                Take into the editor
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
