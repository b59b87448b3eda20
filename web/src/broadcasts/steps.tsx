import { Group, Stack, Text } from '@mantine/core';
import { moment, number, useZone } from '../app/format';
import type { Report } from './api';
import classes from './steps.module.css';

/** Sent, opened and clicked over time, as bars beside each other. */
export function Steps({ steps, by }: { steps: Report['steps']; by: string }) {
  const zone = useZone();
  const most = Math.max(1, ...steps.map((s) => Math.max(s.sent, s.opened, s.clicked)));
  return (
    <Stack gap="xs" component="section" aria-label="Over time">
      <Group gap="md">
        {kinds.map(({ key, label }) => (
          <Group key={key} gap={6}>
            <span className={classes.key} data-kind={key} />
            <Text size="sm">{label}</Text>
          </Group>
        ))}
        <Text size="sm" c="dimmed">
          by the {by}
        </Text>
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={classes.bars} tabIndex={0} aria-label="Bars">
        {steps.map((s) => (
          <div
            key={s.at}
            className={classes.step}
            title={`${moment(s.at ?? '', zone)}: ${kinds.map(({ key, label }) => `${number(s[key])} ${label.toLowerCase()}`).join(', ')}`}
          >
            {kinds.map(({ key }) => (
              <span key={key} className={classes.bar} data-kind={key} style={{ height: `${(100 * s[key]) / most}%` }} />
            ))}
          </div>
        ))}
      </section>
    </Stack>
  );
}

const kinds = [
  { key: 'sent', label: 'Sent' },
  { key: 'opened', label: 'Opened' },
  { key: 'clicked', label: 'Clicked' },
] as const;
