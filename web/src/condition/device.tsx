import type { Condition } from '../definition/condition';
import { Choice } from './choice';
import { CompareFields } from './compare';
import { type Change, isObject, withKey } from './edit';
import { newProperty } from './inner';
import { Part, Word } from './part';
import { type Addition, Tail } from './tail';
import { InnerFields } from './where';

import { platforms } from './words';

/** A device that the person owns: has a mobile device where app_version is 5.0.0. */
export function DeviceFields(props: { condition: Condition; onChange: Change<Condition>; at: string }) {
  const { condition, onChange, at } = props;
  const platform = platforms.find((p) => p.value === condition.device)?.value ?? 'any';
  const { count, where } = condition;
  const plural = isObject(count) && !Object.values(count).every((n) => n === 1);
  const set = (key: string) => (next: Condition[string] | undefined, merge?: boolean) =>
    onChange(withKey(condition, key, next), merge);
  const adds: Addition[] = [];
  if (count === undefined) adds.push({ label: 'how many', onClick: () => set('count')({ at_least: 2 }) });
  if (where === undefined) adds.push({ label: 'where', onClick: () => set('where')([newProperty('platform')]) });
  return (
    <>
      <Word>has {count === undefined && (platform === 'ios' || platform === 'android' ? 'an' : 'a')}</Word>
      {count !== undefined && (
        <Part label="how many" onRemove={() => set('count')(undefined)}>
          <CompareFields value={count as never} onChange={set('count')} at={`${at}/count`} counts />
        </Part>
      )}
      <Choice
        label="Device"
        at={`${at}/device`}
        value={platform}
        options={platforms.map((p) => ({ ...p, words: plural ? `${p.words}s` : p.words }))}
        onChange={set('device')}
      />
      {where !== undefined && (
        <Part label="where" onRemove={() => set('where')(undefined)}>
          <Word>where</Word>
          <InnerFields value={where} onChange={set('where')} at={`${at}/where`} source={{ kind: 'device_property' }} />
        </Part>
      )}
      <Tail adds={adds} of="the device" />
    </>
  );
}
