import { Box } from '@mantine/core';
import { Outlet, useParams } from '@tanstack/react-router';
import { Page } from '../app/page';
import { RouteTabs } from '../app/tabs';

const tabs = [
  ['workspace', 'Workspace'],
  ['users', 'Users'],
  ['keys', 'API keys'],
  ['channels', 'Channels & sending'],
  ['audit', 'Audit log'],
  ['limits', 'Limits'],
  ['you', 'You'],
] as const;

/** The frame of the settings. */
export function SettingsPage() {
  const { workspace } = useParams({ from: '/w/$workspace/settings' });
  return (
    <Page title="Settings">
      <RouteTabs label="Settings" base={`/w/${workspace}/settings`} tabs={tabs} />
      <Box id="tab" role="tabpanel" aria-label="Settings">
        <Outlet />
      </Box>
    </Page>
  );
}
