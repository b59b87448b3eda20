import { Text, VisuallyHidden } from '@mantine/core';
import { IconArrowRight, IconCheck, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { brief, useZone, whole } from '../app/format';
import { visible } from '../app/reading';
import { Value } from '../app/value';
import classes from './explain_tree.module.css';
import { type Branch, type ExplainedNode, nest } from './nest';

type Evidence = ExplainedNode['evidence'][number];

/**
 * Why somebody matches a definition, or does not: every condition with its answer, what decided it and when, and when
 * the passing of time alone will change it. Tree is the `tree` of an explain answer, matched its answer for the whole.
 */
export function ExplainTree({ tree, matched }: { tree: readonly ExplainedNode[]; matched: boolean }) {
  return (
    <ul className={classes.tree} aria-label={matched ? 'Why: every condition that counts is met' : 'Why not'}>
      {nest(tree).map((branch) => (
        <Node key={branch.node.pointer} branch={branch} />
      ))}
    </ul>
  );
}

function Node({ branch }: { branch: Branch }) {
  const { node, children, excludes } = branch;
  const group = children.length > 0;
  return (
    <li>
      <div className={classes.row} data-group={group || undefined}>
        <Mark matched={node.matched} excludes={excludes} />
        <div className={classes.sentence}>
          <bdi>{visible(group ? capital(node.sentence) : node.sentence)}</bdi>
          {group && <Text span c="dimmed" size="sm">{` · ${node.actual}`}</Text>}
          {!group && excludes && node.matched && <span className={classes.excluded}>excluded by this</span>}
        </div>
        {!group && (
          <div className={classes.evidence}>
            <Found node={node} />
          </div>
        )}
        <Change node={node} group={group} />
      </div>
      {group && (
        <ul className={classes.children}>
          {children.map((child) => (
            <Node key={child.node.pointer} branch={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** ✓ or ✗: whether it speaks for being in. Where a match takes out, a match is ✗. */
function Mark({ matched, excludes }: { matched: boolean; excludes: boolean }) {
  const good = matched !== excludes;
  const Icon = good ? IconCheck : IconX;
  const says = excludes
    ? matched
      ? 'Excluded by this:'
      : 'Not excluded by this:'
    : matched
      ? 'Matches:'
      : 'Does not match:';
  return (
    <span className={classes.mark} data-good={good || undefined}>
      <Icon size={15} stroke={2.6} aria-hidden />
      <VisuallyHidden>{says}</VisuallyHidden>
    </span>
  );
}

/** What was found: the value with its origin, or the moments of what was done, or how far it is from what is wanted. */
function Found({ node }: { node: ExplainedNode }) {
  const [first] = node.evidence;
  if (!first) return <Short node={node} />;
  if (first.kind === 'attribute') return <Attribute evidence={first} />;
  if (first.kind === 'segment') return <At at={first.at}>a member since </At>;
  const told = node.matched && node.actual === String(node.evidence.length);
  const alike = node.evidence.every((e) => e.kind !== 'page' && e.kind === first.kind && e.name === first.name);
  return (
    <>
      {!told && <Short node={node} />}
      <ul className={classes.moments} data-named={!alike || undefined} aria-label="When">
        {node.evidence.map((e, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: moments may be the same, and never move
          <li key={i}>
            <Happened evidence={e} named={!alike} />
          </li>
        ))}
      </ul>
    </>
  );
}

const isCount = (actual: string) => /^\d+$/.test(actual);

/** "2 of at least 3" where numbers are compared, else what it is. */
function Short({ node }: { node: ExplainedNode }) {
  if (node.actual === 'nothing' || (node.actual === '0' && node.matched)) return <span>never</span>;
  if (isCount(node.actual)) {
    return (
      <span className="number">
        {node.actual}
        <Text span c="dimmed" inherit>{`, wanted ${node.wanted}`}</Text>
      </span>
    );
  }
  return <Actual node={node} />;
}

function Actual({ node }: { node: ExplainedNode }) {
  return (
    <span>
      <bdi>{visible(moments(node.actual, useZone()))}</bdi>
      {node.wanted && !node.matched && (
        <Text span c="dimmed" inherit>
          , wanted <bdi>{visible(node.wanted)}</bdi>
        </Text>
      )}
    </span>
  );
}

/** The moments in a text of the server, in the workspace's zone. */
const moments = (text: string, zone: string) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => brief(at, zone));

function Attribute({ evidence }: { evidence: Evidence }) {
  return (
    <span>
      <bdi>{visible(evidence.name)}</bdi> = <Value value={evidence.value} name={evidence.name} />{' '}
      <Text span c="dimmed" inherit>
        (<At at={evidence.at} />
        {evidence.source && `, ${evidence.source}`})
      </Text>
    </span>
  );
}

/** One thing that was done: when, its name where names differ, and the value that counts; a page by name or address. */
function Happened({ evidence, named }: { evidence: Evidence; named: boolean }) {
  const { kind, name, value } = evidence;
  const valued = value !== null && value !== undefined && !(kind === 'page' && name);
  return (
    <>
      <At at={evidence.at} />
      {named && name && (
        <Text span c="dimmed" inherit>
          {' '}
          <bdi title={kind === 'page' && typeof value === 'string' ? value : undefined}>{visible(name)}</bdi>
        </Text>
      )}
      {valued && (
        <Text span c="dimmed" inherit>
          {' '}
          <Value value={value} />
        </Text>
      )}
    </>
  );
}

/** When time alone changes the answer. */
function Change({ node, group }: { node: ExplainedNode; group: boolean }) {
  if (!node.next_change) return null;
  return (
    <div className={classes.change} data-group={group || undefined}>
      <IconArrowRight size={14} aria-hidden />
      <span>
        {node.matched ? 'until' : 'matches from'} <At at={node.next_change} />
      </span>
    </div>
  );
}

/** A moment, short, and whole on hover. */
function At({ at, children }: { at: string | null; children?: ReactNode }) {
  const zone = useZone();
  if (!at) return null;
  return (
    <>
      {children}
      <time dateTime={at} title={whole(at, zone)} className={classes.time}>
        {brief(at, zone)}
      </time>
    </>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
