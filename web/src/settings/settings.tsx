import { Page } from '../app/page';

export function SettingsPage() {
  return <Page title="Settings">{null}</Page>;
}
