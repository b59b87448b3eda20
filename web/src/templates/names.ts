import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import { attributesQuery } from '../people/api';

/** What may stand behind a word and a point in a template: the attributes that were received, and what is ours. */
export function useNames() {
  const { workspace } = useParams({ from: '/w/$workspace' });
  const attributes = useQuery(attributesQuery(workspace)).data?.names;
  return useMemo(() => {
    const known = (attributes ?? [])
      .filter(({ name }) => plain.test(name))
      .map(({ name, types }) => ({ label: name, type: 'property', detail: types?.join(', ') }));
    return {
      customer: [...own.map((label) => ({ label, type: 'property' })), ...known.filter((k) => !own.includes(k.label))],
      event: [],
      trigger: [],
      campaign: [
        { label: 'id', type: 'property' },
        { label: 'name', type: 'property' },
      ],
      workspace: [
        { label: 'name', type: 'property' },
        { label: 'address', type: 'property' },
      ],
    };
  }, [attributes]);
}

const own = ['id', 'email'];
const plain = /^[A-Za-z_][A-Za-z0-9_-]*$/; // others need brackets
