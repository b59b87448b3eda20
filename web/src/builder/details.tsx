import { TagsInput, TextInput } from '@mantine/core';
import classes from './builder.module.css';
import type { Draft, Editing } from './draft';

/** What a segment is called. */
export function Details({ editing, readOnly, tags }: { editing: Editing; readOnly: boolean; tags: string[] }) {
  const { draft, change } = editing;
  const type = (field: 'name' | 'description') => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    change((before: Draft) => ({ ...before, [field]: value }), field);
  };
  return (
    <div className={classes.details}>
      <TextInput
        label="Name"
        placeholder="Active trials worth a call"
        maxLength={150}
        readOnly={readOnly}
        value={draft.name}
        onChange={type('name')}
      />
      <TextInput
        label="Description"
        placeholder="What it is for"
        readOnly={readOnly}
        value={draft.description}
        onChange={type('description')}
      />
      <TagsInput
        label="Tags"
        placeholder={draft.tags.length === 0 ? 'Type and press Enter' : undefined}
        readOnly={readOnly}
        data={tags}
        value={[...draft.tags]}
        onChange={(next) => change((before) => ({ ...before, tags: next }))}
      />
    </div>
  );
}
