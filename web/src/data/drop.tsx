import { Button, FileButton, Group, Text } from '@mantine/core';
import { type DragEvent, useState } from 'react';
import { bytes } from '../app/format';
import classes from './code.module.css';

const endings = '.csv,.ndjson,.jsonl,.parquet';

/** Takes a file by choosing it, or by dropping it. */
export function Drop({ file, onFile }: { file: File | undefined; onFile: (file: File) => void }) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped) onFile(dropped);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is beside the button, which does the same
    <div
      className={classes.drop}
      data-over={over}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Text fw={500}>{file ? file.name : 'Drop a file here'}</Text>
      <Text size="sm" c="dimmed" mb="sm">
        {file ? bytes(file.size) : 'CSV, NDJSON or Parquet, of any size'}
      </Text>
      <Group justify="center">
        <FileButton onChange={(f) => f && onFile(f)} accept={endings} inputProps={{ 'aria-label': 'File to import' }}>
          {(props) => (
            <Button variant="default" {...props}>
              {file ? 'Choose another' : 'Choose a file'}
            </Button>
          )}
        </FileButton>
      </Group>
    </div>
  );
}
