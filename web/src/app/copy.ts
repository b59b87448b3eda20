import { useState } from 'react';
import { notify } from './notify';

/** Puts a text on the clipboard, also where the browser has none to give because the page is not secure. */
export async function copyText(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('The browser does not let this page copy.');
}

/** Copies a text and says so for two seconds; where the browser refuses, a notice says to copy it by hand. */
export function useCopy() {
  const [copied, setCopied] = useState(false);
  const copy = async (text: string) => {
    try {
      await copyText(text);
    } catch {
      return notify('The browser does not let this page copy: select the text, and copy it by hand.');
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return { copied, copy };
}
