import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

// One accent, used for what can be done; greys for everything else. Contrast is at least 4.5 on both grounds.
const teal: MantineColorsTuple = [
  '#effcf9',
  '#d8f5ef',
  '#aee9de',
  '#7fdccb',
  '#57d0bb',
  '#2fb8a2',
  '#14a08b',
  '#0f766e',
  '#0c615b',
  '#084c48',
];

// A dialog's button to close it says so, and its head is no banner of the page.
const dialog = { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'none' } } };

export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: 7,
  colors: { teal },
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  defaultRadius: 'md',
  cursorType: 'pointer',
  headings: { fontWeight: '650' },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Modal: { defaultProps: dialog },
    Drawer: { defaultProps: dialog },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
  },
});

/** Greys and a red that can be read: the stock ones are below a contrast of 4.5. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
    // What cannot be used yet is seen to be there.
    '--mantine-color-disabled': 'var(--mantine-color-dark-5)',
    '--mantine-color-disabled-color': 'var(--mantine-color-dark-2)',
    '--mantine-color-disabled-border': 'var(--mantine-color-dark-4)',
  },
});
