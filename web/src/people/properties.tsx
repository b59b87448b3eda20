import { Text } from '@mantine/core';
import { visible } from '../app/reading';
import { Value } from '../app/value';
import classes from './people.module.css';

/** What came with something that happened, name by name. */
export function Properties({ properties }: { properties: Record<string, unknown> }) {
  const names = Object.keys(properties).sort(
    (a, b) => Number(a[0] === '$') - Number(b[0] === '$') || a.localeCompare(b),
  );
  if (names.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It came without properties.
      </Text>
    );
  }
  return (
    <dl className={classes.properties}>
      {names.map((name) => (
        <div key={name} className={classes.property}>
          <dt>
            <bdi>{visible(name)}</bdi>
          </dt>
          <dd>
            <Value value={properties[name]} name={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
