import { useLocalStorage } from '@mantine/hooks';

/**
 * The attributes that are shown as columns: those of the address, else those chosen last on this device, else plan and
 * country, which many have.
 */
export function useColumns(
  workspace: string,
  addressed: string[] | undefined,
  address: (columns: string[]) => void,
): [string[], (columns: string[]) => void] {
  const [kept, keep] = useLocalStorage<string[]>({
    key: `carpel.columns.${workspace}`,
    defaultValue: ['plan', 'country'],
    getInitialValueInEffect: false,
    deserialize: read,
  });
  const choose = (columns: string[]) => {
    keep(columns);
    address(columns);
  };
  return [addressed ?? kept, choose];
}

/** What was kept, unless somebody else wrote it. */
function read(text: string | undefined): string[] {
  try {
    const columns: unknown = JSON.parse(text ?? '');
    return Array.isArray(columns) ? columns.map(String) : [];
  } catch {
    return [];
  }
}
