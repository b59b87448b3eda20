import { Box } from '@mantine/core';
import { Outlet, useParams } from '@tanstack/react-router';
import { Page } from '../app/page';
import { RouteTabs } from '../app/tabs';

const tabs = [
  ['sources', 'Sources'],
  ['names', 'Names seen'],
  ['imports', 'Imports'],
  ['rejected', 'Rejected'],
] as const;

/** The frame of everything about how data come in. */
export function DataPage() {
  const { workspace } = useParams({ from: '/w/$workspace/data' });
  return (
    <Page title="Data" about="How people and events come in, and what came.">
      <RouteTabs label="Data" base={`/w/${workspace}/data`} tabs={tabs} />
      <Box id="tab" role="tabpanel" aria-label="Data">
        <Outlet />
      </Box>
    </Page>
  );
}
