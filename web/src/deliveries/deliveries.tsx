import { Outlet, useParams } from '@tanstack/react-router';
import { Page } from '../app/page';
import { RouteTabs } from '../app/tabs';

/** Every message to every person, and what the sandbox caught. */
export function DeliveriesPage() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  return (
    <Page title="Deliveries">
      <RouteTabs
        label="Deliveries"
        base={`/w/${workspace}/deliveries`}
        tabs={[
          ['log', 'All messages'],
          ['inbox', 'Sandbox inbox'],
        ]}
      />
      <div id="tab">
        <Outlet />
      </div>
    </Page>
  );
}
