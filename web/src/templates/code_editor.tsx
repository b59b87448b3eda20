import { autocompletion, type Completion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { html } from '@codemirror/lang-html';
import { liquid } from '@codemirror/lang-liquid';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

export interface Fault {
  line: number; // from 1
  column: number; // from 1
  message: string;
}

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What may stand behind `customer.` and the like, by the word before the point. */
  names: Readonly<Record<string, readonly Completion[]>>;
  faults: readonly Fault[];
  readOnly?: boolean;
}

/** An editor of Liquid in HTML or MJML: colours, completion of the names seen, faults where they are. Tab leaves it. */
export default function CodeEditor({ label, value, onChange, names, faults, readOnly = false }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const change = useRef(onChange);
  change.current = onChange;
  const known = useRef(names);
  known.current = names;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is made once; what changes goes into it below
  useEffect(() => {
    if (!place.current) return;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: extensions(label, readOnly, known, (s) => change.current(s)),
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [label, readOnly]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const diagnostics = faults.map(({ line, column, message }) => {
      const at = editor.state.doc.line(Math.min(Math.max(line, 1), editor.state.doc.lines));
      const from = Math.min(at.from + Math.max(column - 1, 0), at.to);
      return { from, to: Math.max(from, at.to), severity: 'error' as const, message };
    });
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [faults]);
  return <div ref={place} />;
}

function extensions(
  label: string,
  readOnly: boolean,
  names: { current: Props['names'] },
  changed: (value: string) => void,
) {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
  return [
    EditorView.cspNonce.of(nonce),
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'true', tabindex: '0' }),
    EditorState.readOnly.of(readOnly),
    EditorView.lineWrapping,
    lineNumbers(),
    lintGutter(),
    history(),
    bracketMatching(),
    liquid({
      base: html({ matchClosingTags: false, autoCloseTags: true }),
      variables: Object.keys(names.current).map((name) => ({ label: name, type: 'namespace' })),
      properties: (path) => (path.length === 1 && names.current[path[0] as string]) || [],
    }),
    syntaxHighlighting(colours),
    autocompletion({ icons: false }),
    keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed(update.state.doc.toString());
    }),
    look,
  ];
}

const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: 'var(--code-tag)' },
  { tag: tags.attributeName, color: 'var(--code-name)' },
  { tag: [tags.attributeValue, tags.string], color: 'var(--code-text)' },
  {
    tag: [tags.keyword, tags.controlKeyword, tags.operatorKeyword, tags.brace, tags.special(tags.brace)],
    color: 'var(--code-word)',
  },
  { tag: [tags.variableName, tags.propertyName], color: 'var(--code-variable)' },
  { tag: tags.comment, color: 'var(--mantine-color-dimmed)', fontStyle: 'italic' },
]);

const look = EditorView.theme({
  '&': {
    border: '1px solid var(--mantine-color-default-border)',
    borderRadius: 'var(--mantine-radius-sm)',
    backgroundColor: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
    fontSize: '13px',
    maxHeight: '70vh',
    minHeight: '20rem',
  },
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55', minHeight: '20rem' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    color: 'var(--mantine-color-dimmed)',
    border: 0,
  },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-text)',
    border: '1px solid var(--mantine-color-default-border)',
    borderRadius: 'var(--mantine-radius-sm)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--mantine-primary-color-filled)',
    color: 'var(--mantine-primary-color-contrast)',
  },
  '.cm-completionDetail': { marginLeft: '0.75em', fontStyle: 'normal', opacity: 0.85 },
});
