import { Paper, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { relative, useZone, whole } from '../app/format';
import { visible } from '../app/reading';
import { Empty, Failure, Waiting } from '../app/states';
import { type Device, devicesQuery } from './api';
import { Properties } from './properties';

const platforms = new Map([
  ['ios', 'iOS'],
  ['android', 'Android'],
  ['web', 'Web'],
]);

/** The devices that a person can be reached on. */
export function Devices({ workspace, person }: { workspace: string; person: string }) {
  const { data, error, refetch, isPending } = useQuery(devicesQuery(workspace, person));
  if (isPending) return <Waiting />;
  if (error) return <Failure error={error} again={() => void refetch()} />;
  const devices = data?.devices ?? [];
  if (devices.length === 0) {
    return <Empty title="No device">An app or a browser that registers for push shows up here.</Empty>;
  }
  return (
    <Stack gap="sm">
      {devices.map((device) => (
        <Shown key={device.token} device={device} />
      ))}
    </Stack>
  );
}

function Shown({ device }: { device: Device }) {
  const zone = useZone();
  return (
    <Paper withBorder p="md" component="section">
      <Text fw={600} component="h2" m={0}>
        <bdi>{visible(platforms.get(device.platform) ?? (device.platform || 'Device'))}</bdi>
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {device.last_used ? (
          <time dateTime={device.last_used} title={whole(device.last_used, zone)}>
            last used {relative(device.last_used)}
          </time>
        ) : (
          'never used'
        )}
      </Text>
      <Properties properties={{ token: device.token, ...device.properties }} />
    </Paper>
  );
}
