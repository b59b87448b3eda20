// What a program needs to send its first event: with the address and the key that are really in use.

export interface Source {
  id: string;
  label: string;
  /** The kind of key it takes: everybody can read the one of a browser. */
  kind: 'pk' | 'sk';
  /** How the library is installed; "" where none is needed. */
  install: string;
  code: (at: { url: string; key: string }) => string;
}

const host = (url: string) => new URL(url).host;
const protocol = (url: string) => new URL(url).protocol.replace(':', '');

export const sources: readonly [Source, ...Source[]] = [
  {
    id: 'curl',
    label: 'curl',
    kind: 'sk',
    install: '',
    code: ({ url, key }) => `curl -u ${key}: -H 'Content-Type: application/json' ${url}/v1/batch -d '{"batch": [
  {"type": "identify", "userId": "ann", "traits": {"email": "ann@example.com", "plan": "pro"}},
  {"type": "track", "userId": "ann", "event": "project_created", "properties": {"template": "kanban"}}
]}'`,
  },
  {
    id: 'browser',
    label: 'Browser',
    kind: 'pk',
    install: 'npm install @segment/analytics-next',
    code: ({ url, key }) => `import { AnalyticsBrowser } from '@segment/analytics-next';

const analytics = AnalyticsBrowser.load(
  { writeKey: '${key}', cdnURL: '${url}' },
  { integrations: { 'Segment.io': { apiHost: '${host(url)}/v1', protocol: '${protocol(url)}' } } },
);

analytics.identify('ann', { email: 'ann@example.com', plan: 'pro' });
analytics.page();
analytics.track('project_created', { template: 'kanban' });`,
  },
  {
    id: 'node',
    label: 'Node',
    kind: 'sk',
    install: 'npm install @segment/analytics-node',
    code: ({ url, key }) => `import { Analytics } from '@segment/analytics-node';

const analytics = new Analytics({ writeKey: '${key}', host: '${url}' });

analytics.identify({ userId: 'ann', traits: { email: 'ann@example.com', plan: 'pro' } });
analytics.track({ userId: 'ann', event: 'project_created', properties: { template: 'kanban' } });
await analytics.closeAndFlush();`,
  },
  {
    id: 'go',
    label: 'Go',
    kind: 'sk',
    install: 'go get github.com/segmentio/analytics-go/v3',
    code: ({ url, key }) => `client, err := analytics.NewWithConfig("${key}", analytics.Config{Endpoint: "${url}"})
if err != nil {
	log.Fatal(err)
}
defer client.Close()

client.Enqueue(analytics.Identify{UserId: "ann", Traits: analytics.NewTraits().SetEmail("ann@example.com").Set("plan", "pro")})
client.Enqueue(analytics.Track{UserId: "ann", Event: "project_created", Properties: analytics.NewProperties().Set("template", "kanban")})`,
  },
  {
    id: 'customerio-node',
    label: 'Customer.io for Node',
    kind: 'sk',
    install: 'npm install customerio-node',
    code: ({ url, key }) => `import { TrackClient } from 'customerio-node';

const cio = new TrackClient('site', '${key}', { url: '${url}/api/v1' });

await cio.identify('ann', { email: 'ann@example.com', plan: 'pro' });
await cio.track('ann', { name: 'project_created', data: { template: 'kanban' } });`,
  },
  {
    id: 'customerio-go',
    label: 'Customer.io for Go',
    kind: 'sk',
    install: 'go get github.com/customerio/go-customerio/v3',
    code: ({ url, key }) => `cio := customerio.NewTrackClient("site", "${key}", customerio.WithURL("${url}"))

if err := cio.Identify("ann", map[string]any{"email": "ann@example.com", "plan": "pro"}); err != nil {
	log.Fatal(err)
}
if err := cio.Track("ann", "project_created", map[string]any{"template": "kanban"}); err != nil {
	log.Fatal(err)
}`,
  },
];

/** What stands for a key that is not known here: secrets are shown once. */
export const placeholder = { pk: 'YOUR_BROWSER_KEY', sk: 'YOUR_SERVER_KEY' };
