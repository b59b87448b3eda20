// Programs that ask for a segment, in the languages most used, with nothing but what each of them brings along.

export const languages = [
  { id: 'curl', name: 'curl' },
  { id: 'node', name: 'Node' },
  { id: 'go', name: 'Go' },
  { id: 'python', name: 'Python' },
] as const;
export type Language = (typeof languages)[number]['id'];

interface Call {
  title: string;
  method: 'GET' | 'POST';
  path: (key: string) => string;
  body?: unknown;
  /** Only of manual segments. */
  manual?: boolean;
  /** The answer goes on and on, line by line. */
  stream?: 'ndjson' | 'events';
}

export const calls: readonly Call[] = [
  { title: 'How many there are', method: 'GET', path: (key) => `/api/segments/${key}` },
  {
    title: 'Everybody in it',
    method: 'GET',
    path: (key) => `/api/segments/${key}/members?format=ndjson`,
    stream: 'ndjson',
  },
  {
    title: 'Who joins and leaves, as it happens',
    method: 'GET',
    path: (key) => `/api/segments/${key}/changes?after=now`,
    stream: 'events',
  },
  {
    title: 'Put people in, and take them out',
    method: 'POST',
    path: (key) => `/api/segments/${key}/members`,
    body: { add: ['user-1', 'ana@example.com'], remove: ['user-2'] },
    manual: true,
  },
];

/** A program that makes a call. */
export function snippet(call: Call, language: Language, origin: string, key: string): string {
  return { curl, node, go, python }[language](call, origin + call.path(encodeURIComponent(key)));
}

function curl(call: Call, url: string): string {
  const lines = [`curl ${call.stream ? '-N ' : ''}'${url}'`, `-H "Authorization: Bearer $CARPEL_KEY"`];
  if (call.stream === 'events') lines.push(`-H 'Accept: text/event-stream'`);
  if (call.body) lines.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(call.body)}'`);
  return lines.join(' \\\n  ');
}

function node(call: Call, url: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the program's own
  const headers = ['Authorization: `Bearer ${process.env.CARPEL_KEY}`'];
  if (call.stream === 'events') headers.push("Accept: 'text/event-stream'");
  if (call.body) headers.push("'Content-Type': 'application/json'");
  const options = [
    ...(call.method === 'POST' ? [`method: 'POST',`] : []),
    `headers: { ${headers.join(', ')} },`,
    ...(call.body ? [`body: JSON.stringify(${JSON.stringify(call.body)}),`] : []),
  ];
  const ask = `const answer = await fetch('${url}', {\n${options.map((o) => `  ${o}\n`).join('')}});\nif (!answer.ok) throw new Error(await answer.text());\n`;
  if (!call.stream) return `${ask}console.log(await answer.json());`;
  return `${ask}const lines = (await import('node:readline')).createInterface({ input: (await import('node:stream')).Readable.fromWeb(answer.body) });\nfor await (const line of lines) ${
    call.stream === 'events'
      ? "if (line.startsWith('data: ')) console.log(JSON.parse(line.slice(6)));"
      : 'console.log(JSON.parse(line));'
  }`;
}

function go(call: Call, url: string): string {
  const imports = ['"bufio"', '"fmt"', '"log"', '"net/http"', '"os"'];
  if (call.body) imports.push('"strings"');
  if (!call.stream) imports.push('"io"');
  const used = imports.filter((name) => call.stream || name !== '"bufio"').sort();
  const body = call.body ? `strings.NewReader(\`${JSON.stringify(call.body)}\`)` : 'nil';
  return `package main

import (
${used.map((name) => `\t${name}`).join('\n')}
)

func main() {
	req, err := http.NewRequest("${call.method}", "${url}", ${body})
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("CARPEL_KEY"))
${call.stream === 'events' ? '\treq.Header.Set("Accept", "text/event-stream")\n' : ''}${call.body ? '\treq.Header.Set("Content-Type", "application/json")\n' : ''}	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
${
  call.stream
    ? `	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		fmt.Println(lines.Text())
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}`
    : `	body, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status, string(body))`
}
}`;
}

function python(call: Call, url: string): string {
  const headers = [`"Authorization": "Bearer " + os.environ["CARPEL_KEY"]`];
  if (call.stream === 'events') headers.push(`"Accept": "text/event-stream"`);
  if (call.body) headers.push(`"Content-Type": "application/json"`);
  const data = call.body ? `, data=json.dumps(${JSON.stringify(call.body)}).encode()` : '';
  const read = {
    ndjson: '    for line in answer:\n        print(json.loads(line))',
    events: '    for line in answer:\n        if line.startswith(b"data: "):\n            print(json.loads(line[6:]))',
    none: '    print(json.load(answer))',
  }[call.stream ?? 'none'];
  return `import json, os, urllib.request

request = urllib.request.Request("${url}"${data}, headers={${headers.join(', ')}})
with urllib.request.urlopen(request) as answer:
${read}`;
}
