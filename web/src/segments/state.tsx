import { Badge, Progress, Text } from '@mantine/core';
import { percent } from '../app/format';
import { isBuilding, type Segment } from './api';
import classes from './state.module.css';

const words = {
  building: 'Building',
  live: 'Live',
  paused: 'Paused',
  failed: 'Failed',
  archived: 'Archived',
} as const;

/** The state of a segment: a dot and a word, and how far a build is. */
export function State({ segment, reason = false }: { segment: Segment; reason?: boolean }) {
  const building = isBuilding(segment);
  const word = building && segment.serving > 0 ? 'Rebuilding' : words[segment.state];
  return (
    <div className={classes.state}>
      <span className={classes.word} data-state={building ? 'building' : segment.state}>
        {word}
        {building && <span className="number">{percent(segment.progress, 1)}</span>}
      </span>
      {building && (
        <Progress
          value={segment.progress * 100}
          size={3}
          aria-label={`Build of ${segment.name}`}
          transitionDuration={300}
        />
      )}
      {reason && segment.reason && (
        <Text size="sm" className={classes.reason}>
          {segment.reason}
        </Text>
      )}
    </div>
  );
}

export function Tags({ tags, max = tags.length }: { tags: readonly string[]; max?: number }) {
  const more = tags.slice(max);
  return (
    <span className={classes.tags}>
      {tags.slice(0, max).map((tag) => (
        <Badge key={tag} variant="default" size="sm" radius="sm" tt="none" fw={500} maw={140} title={tag}>
          {tag}
        </Badge>
      ))}
      {more.length > 0 && (
        <Text span size="xs" c="dimmed" title={more.join(', ')}>
          +{more.length}
        </Text>
      )}
    </span>
  );
}
