import { describe, expect, it } from 'vitest';
import { joined, parted } from './audience';

const pro = { attribute: 'plan', op: 'is', value: 'pro' } as never;

describe('the audience as three fields', () => {
  it('puts them together, and takes them apart again', () => {
    for (const fields of [
      { in: ['a'], out: [], rest: undefined },
      { in: ['a', 'b'], out: ['c'], rest: undefined },
      { in: [], out: ['c', 'd'], rest: pro },
      { in: [], out: [], rest: pro },
      { in: ['a'], out: ['b'], rest: pro },
    ]) {
      const definition = joined(fields);
      expect(definition).toBeDefined();
      expect(parted(definition as never)).toEqual(fields);
    }
  });

  it('is nobody while nothing is chosen', () => {
    expect(joined({ in: [], out: [], rest: undefined })).toBeUndefined();
  });

  it('keeps what does not fit into the fields as the rest, whole', () => {
    const odd = { any: [{ segment: 'a' }, pro] } as never;
    expect(parted(odd)).toEqual({ in: [], out: [], rest: odd });
    expect(joined(parted(odd))).toEqual(odd);
    const three = { all: [{ segment: 'a' }, { segment: 'b' }, pro] } as never;
    expect(joined(parted(three))).toEqual(three);
  });
});
