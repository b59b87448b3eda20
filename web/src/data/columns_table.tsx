import { Select, Table, Text, TextInput } from '@mantine/core';
import type { ImportKind } from './api';
import classes from './code.module.css';
import { type Column, fieldsOf, leftOut, named } from './fields';

/** What each column of a file is, beside its first values. */
export function ColumnsTable({
  columns,
  kind,
  onChange,
}: {
  columns: Column[];
  kind: ImportKind;
  onChange: (columns: Column[]) => void;
}) {
  const own = kind === 'events' ? 'Property' : 'Attribute';
  const choices = [
    ...(kind === 'members' ? [] : [{ value: named, label: `${own} …` }]),
    ...fieldsOf[kind],
    { value: leftOut, label: 'Leave out' },
  ];
  const set = (i: number, change: Partial<Column>) =>
    onChange(columns.map((c, j) => (j === i ? { ...c, ...change } : c)));
  return (
    <Table verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Column</Table.Th>
          <Table.Th visibleFrom="sm">First values</Table.Th>
          <Table.Th>Type</Table.Th>
          <Table.Th>Is taken as</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {columns.map((c, i) => (
          <Table.Tr key={c.name}>
            <Table.Td>
              <Text size="sm" fw={500} className={classes.name} td={c.as === leftOut ? 'line-through' : undefined}>
                {c.name}
              </Text>
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text size="sm" c="dimmed" className={classes.name} lineClamp={1}>
                {c.values.join(' · ') || '—'}
              </Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm" c="dimmed">
                {c.types.length > 0 ? c.types.join(' or ') : 'empty'}
              </Text>
            </Table.Td>
            <Table.Td>
              <Select
                size="xs"
                aria-label={`${c.name} is taken as`}
                data={choices}
                allowDeselect={false}
                value={c.as}
                onChange={(as) => as && set(i, { as })}
              />
              {c.as === named && (
                <TextInput
                  size="xs"
                  mt={4}
                  aria-label={`${own} that ${c.name} becomes`}
                  value={c.attribute}
                  onChange={(e) => set(i, { attribute: e.currentTarget.value })}
                />
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
