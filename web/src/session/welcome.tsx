import { Button, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Failure } from '../app/states';
import { useUpdateWorkspace } from '../settings/api';
import { ZoneSelect, zoneHere } from '../settings/zone';
import { Door } from './door';

/** The second step of the set-up: what the workspace is called, and whose days count. */
export function WelcomePage() {
  const { workspace } = useParams({ from: '/w/$workspace/welcome' });
  const update = useUpdateWorkspace();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [zone, setZone] = useState(zoneHere);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate(
      { name, time_zone: zone },
      { onSuccess: () => navigate({ to: '/w/$workspace', params: { workspace } }) },
    );
  };
  return (
    <Door title="Your workspace">
      <form onSubmit={submit}>
        <Stack>
          <Text>A workspace holds the people and segments of one product. Both can be changed later.</Text>
          <Failure error={update.error} />
          <TextInput
            label="Name"
            placeholder="Your company or product"
            required
            autoFocus
            maxLength={150}
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <ZoneSelect value={zone} onChange={setZone} />
          <Button type="submit" loading={update.isPending}>
            Continue
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
