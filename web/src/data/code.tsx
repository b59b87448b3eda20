import { ActionIcon, Box, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useCopy } from '../app/copy';
import classes from './code.module.css';

/** Copies a text, and says so. */
export function Copy({ text, label }: { text: string; label: string }) {
  const { copied, copy } = useCopy();
  return (
    <Tooltip label={copied ? 'Copied' : label}>
      <ActionIcon onClick={() => copy(text)} aria-label={copied ? 'Copied' : label} color={copied ? 'teal' : 'gray'}>
        {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** A text to be copied as it is. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <Box className={classes.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section tabIndex={0} aria-label={label} className={classes.text}>
        {text}
      </section>
      <Box className={classes.copy}>
        <Copy text={text} label={`Copy ${label.toLowerCase()}`} />
      </Box>
    </Box>
  );
}
