import {
  IconActivity,
  IconDatabase,
  IconHome,
  IconMail,
  IconRoute,
  IconSettings,
  IconSpeakerphone,
  IconTemplate,
  IconUser,
  IconUsersGroup,
} from '@tabler/icons-react';

/** The screens of a workspace, in the order of the rail. */
export const screens = [
  { to: '/w/$workspace', label: 'Home', icon: IconHome, exact: true },
  { to: '/w/$workspace/people', label: 'People', icon: IconUser, exact: false },
  { to: '/w/$workspace/activity', label: 'Activity', icon: IconActivity, exact: false },
  { to: '/w/$workspace/segments', label: 'Segments', icon: IconUsersGroup, exact: false },
  { to: '/w/$workspace/campaigns', label: 'Campaigns', icon: IconRoute, exact: false },
  { to: '/w/$workspace/broadcasts', label: 'Broadcasts', icon: IconSpeakerphone, exact: false },
  { to: '/w/$workspace/templates', label: 'Templates', icon: IconTemplate, exact: false },
  { to: '/w/$workspace/deliveries', label: 'Deliveries', icon: IconMail, exact: false },
  { to: '/w/$workspace/data', label: 'Data', icon: IconDatabase, exact: false },
  { to: '/w/$workspace/settings', label: 'Settings', icon: IconSettings, exact: false },
] as const;
