import { Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { brief, moment, useZone, whole } from '../app/format';
import { visible } from '../app/reading';
import { Value } from '../app/value';
import type { Attribute } from './api';
import classes from './people.module.css';

const many = 12; // from which on a search helps

/** What is known of a person: each value with its type, since when it is so, and where it came from. */
export function Attributes({ attributes }: { attributes: Record<string, Attribute> }) {
  const [wanted, setWanted] = useState('');
  const names = Object.keys(attributes).sort((a, b) => a.localeCompare(b));
  const shown = names.filter((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="attributes">
      <Stack gap="xs">
        <Title order={2} size="h5" id="attributes">
          Attributes
        </Title>
        {names.length > many && (
          <TextInput
            size="xs"
            placeholder="Find one"
            aria-label="Find an attribute"
            leftSection={<IconSearch size={14} />}
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
          />
        )}
        {names.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing was told about this person yet.
          </Text>
        )}
        {names.length > 0 && shown.length === 0 && (
          <Text size="sm" c="dimmed">
            No attribute of that name.
          </Text>
        )}
        <dl className={classes.attributes}>
          {shown.map((name) => (
            <Row key={name} name={name} attribute={attributes[name] as Attribute} />
          ))}
        </dl>
      </Stack>
    </Paper>
  );
}

function Row({ name, attribute }: { name: string; attribute: Attribute }) {
  const zone = useZone();
  const checked = attribute.at && attribute.at !== attribute.since ? `, last told ${moment(attribute.at, zone)}` : '';
  return (
    <div className={classes.attribute}>
      <dt>
        <bdi>{visible(name)}</bdi>
        <Text
          span
          size="xs"
          className={classes.origin}
          title={attribute.since ? `${whole(attribute.since, zone)}${checked}` : undefined}
        >
          {typeOf(attribute.value)}
          {attribute.since && ` · since ${brief(attribute.since, zone)}`}
          {attribute.source && ` · ${attribute.source}`}
        </Text>
      </dt>
      <dd>
        <Value value={attribute.value} name={name} />
      </dd>
    </div>
  );
}

function typeOf(value: unknown) {
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return 'list';
  const names: Record<string, string> = { string: 'text', boolean: 'yes or no', number: 'number' };
  return names[typeof value] ?? 'object';
}
