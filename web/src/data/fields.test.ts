import { describe, expect, test } from 'vitest';
import { type Column, columnsOf, mappingOf, missing } from './fields';

const column = (name: string, as: string, attribute = name): Column => ({ name, values: [], types: [], as, attribute });

test('columns begin as what the server takes them for', () => {
  const sample = {
    format: 'csv' as const,
    columns: [
      { name: 'Customer ID', field: 'id', values: ['1'], types: [] },
      { name: 'plan', field: 'plan', values: ['pro'], types: [] },
    ],
  };
  expect(columnsOf(sample, 'people').map((c) => [c.name, c.as, c.attribute])).toEqual([
    ['Customer ID', 'id', 'Customer ID'],
    ['plan', 'named', 'plan'],
  ]);
  expect(columnsOf(sample, 'members').map((c) => c.as)).toEqual(['id', '-']);
});

describe('the mapping', () => {
  test('says of every column what it is', () => {
    const columns = [column('Customer ID', 'id'), column('Plan', 'named', 'plan'), column('note', '-')];
    expect(mappingOf(columns, 'people', '')).toEqual({ columns: { 'Customer ID': 'id', Plan: 'plan', note: '-' } });
  });
  test('keeps an attribute apart from the field of its name', () => {
    expect(mappingOf([column('x', 'named', 'time')], 'people', '').columns).toEqual({ x: 'attribute:time' });
    expect(mappingOf([column('x', 'named', 'event')], 'events', '').columns).toEqual({ x: 'property:event' });
  });
  test('names all events where no column does', () => {
    expect(mappingOf([column('who', 'id')], 'events', 'bought').event).toBe('bought');
    expect(mappingOf([column('who', 'id'), column('what', 'event')], 'events', 'bought').event).toBeUndefined();
  });
});

test('what is missing is told', () => {
  expect(missing([column('plan', 'named')], 'people', '')).toMatch(/who a row is about/);
  expect(missing([column('a', 'id'), column('b', 'id')], 'people', '')).toMatch(/Two columns are “User id”/);
  expect(missing([column('a', 'id')], 'events', 'x')).toMatch(/time/);
  expect(missing([column('a', 'id'), column('t', 'time')], 'events', '')).toMatch(/name of the event/);
  expect(missing([column('a', 'id'), column('t', 'time')], 'events', 'x')).toBe('');
  expect(missing([column('a', 'email'), column('b', '-'), column('c', '-')], 'members', '')).toBe('');
});
