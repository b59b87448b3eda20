import { ActionIcon, Tooltip } from '@mantine/core';
import { IconCalendar, IconClock } from '@tabler/icons-react';
import { useZone } from '../app/format';
import type { Json } from '../definition/condition';
import style from './condition.module.css';
import { durationWords, readDuration, usualDurations } from './duration';
import { type Change, isText } from './edit';
import { Field } from './field';
import { readMoment, writeMoment } from './moment';
import { Word } from './part';

/** A duration, read and written in words: 14 days. */
export function DurationField(props: {
  label: string;
  at: string;
  value: Json | undefined;
  onChange: Change<Json>;
  usual?: readonly string[];
  whole?: string;
}) {
  const { usual = usualDurations, ...field } = props;
  return (
    <Field
      {...field}
      write={durationWords}
      read={readDuration}
      options={usual.map((d) => ({ value: d, label: durationWords(d) }))}
      placeholder="30 days"
    />
  );
}

/** A date, or a moment on the workspace's clock. What the browser's fields cannot show is edited as text. */
export function MomentField(props: {
  label: string;
  at: string;
  value: Json | undefined;
  onChange: Change<Json>;
  dateOnly?: boolean;
}) {
  const { dateOnly, ...field } = props;
  const zone = useZone();
  const moment = readMoment(field.value, zone);
  if (!moment || (dateOnly && moment.precision === 'time')) return <Field {...field} placeholder="2026-03-01" />;
  const day = moment.precision === 'day';
  return (
    <>
      <Field
        {...field}
        write={() => moment.local}
        read={(text, before) => (text ? writeMoment(text, zone) : (before ?? ''))}
        input={{ type: day ? 'date' : 'datetime-local', max: day ? '9999-12-31' : '9999-12-31T23:59' }}
      />
      {!dateOnly && (
        <>
          {!day && <Word>{zone}</Word>}
          <Tooltip label={day ? 'Set a time of day' : 'The whole day'}>
            <ActionIcon
              size="xs"
              className={style.beside}
              aria-label={day ? 'Set a time of day' : 'The whole day'}
              onClick={() => {
                const local = day ? `${moment.local}T00:00` : moment.local.slice(0, 10);
                if (isText(local)) field.onChange(writeMoment(local, zone));
              }}
            >
              {day ? <IconClock size={14} /> : <IconCalendar size={14} />}
            </ActionIcon>
          </Tooltip>
        </>
      )}
    </>
  );
}
