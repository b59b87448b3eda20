import { useQuery } from '@tanstack/react-query';
import { count } from '../app/format';
import type { Condition } from '../definition/condition';
import { segmentsQuery, useWorkspace } from './api';
import { Choice } from './choice';
import { type Change, isObject, isText } from './edit';
import { Tail } from './tail';

const sides = [
  { value: 'in', words: 'is in the segment' },
  { value: 'out', words: 'is not in the segment' },
] as const;

/** Membership of another segment, or that there is none. */
export function SegmentFields(props: { condition: Condition; onChange: Change<Condition>; at: string }) {
  const { condition, onChange, at } = props;
  const out = isObject(condition.not);
  const inner = isObject(condition.not) ? condition.not : condition;
  const ref = isText(inner.segment) ? inner.segment : '';
  const segments = useQuery(segmentsQuery(useWorkspace())).data ?? [];
  const current = segments.find((s) => s.key === ref || s.id === ref);
  const options = segments
    .filter((s) => s.state !== 'archived' || s === current)
    .map((s) => ({
      value: s === current ? ref : s.key,
      words: s.name,
      hint: s.count === null || s.count === undefined ? undefined : count(s.count, 'person', 'people'),
    }));
  return (
    <>
      <Choice
        label="In or not"
        at={at}
        value={out ? 'out' : 'in'}
        options={sides}
        onChange={(side) => onChange(side === 'out' ? { not: inner } : inner)}
      />
      <Choice
        label="Segment"
        at={`${at}${out ? '/not' : ''}/segment`}
        value={ref}
        options={options}
        filled
        onChange={(segment) => onChange(out ? { not: { segment } } : { segment })}
      />
      <Tail of="the segment" />
    </>
  );
}
