import { useEffect, useRef, useState } from 'react';
import classes from './mail_frame.module.css';

/**
 * Shows the HTML of a mail as an inbox would: in a frame that is an origin of its own, runs no script but the one that
 * takes the HTML in, sends no form and opens nothing. It is as tall as the mail.
 */
export function MailFrame({ html, title, width }: { html: string; title: string; width?: number }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(false);
  const [height, setHeight] = useState(320);
  useEffect(() => {
    const hear = (e: MessageEvent<{ ready?: boolean; height?: number }>) => {
      if (e.source !== frame.current?.contentWindow) return;
      if (e.data.ready) setReady(true);
      if (typeof e.data.height === 'number') setHeight(Math.min(Math.max(e.data.height, 120), tallest));
    };
    window.addEventListener('message', hear);
    return () => window.removeEventListener('message', hear);
  }, []);
  useEffect(() => {
    // The frame has no origin that could be named.
    if (ready) frame.current?.contentWindow?.postMessage({ html }, '*');
  }, [ready, html]);
  return (
    <iframe
      ref={frame}
      src="/frame"
      sandbox="allow-scripts"
      title={title}
      className={classes.frame}
      style={{ height, maxWidth: width }}
    />
  );
}

const tallest = 20_000; // a mail that asks for more scrolls
