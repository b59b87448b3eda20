package customerio_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/compat/compattest"
	"github.com/carpel/carpel/internal/compat/customerio"
	"github.com/carpel/carpel/internal/engine"
)

func newFamily(t *testing.T) *compattest.Family {
	t.Helper()
	return compattest.New(t, func(door *compat.Door) http.Handler { return customerio.New(door) })
}

// auth is the header line with site id and API key.
func auth(encoding *base64.Encoding, site, key string) string {
	return "Authorization: Basic " + encoding.EncodeToString([]byte(site+":"+key))
}

var (
	server  = auth(base64.StdEncoding, "site", compattest.Server)
	browser = auth(base64.StdEncoding, "site", compattest.Browser)
)

// TestCalls is the wire format as rows: what is sent, what is answered, what is committed, what is listed.
func TestCalls(t *testing.T) {
	long := strings.Repeat("x", 256)
	ids := func(n int) string { return `{"ids":[` + strings.TrimSuffix(strings.Repeat(`"u",`, n), ",") + `]}` }
	for _, c := range []struct {
		name, call, body string
		header           []string
		status           int    // 200 if left out
		answer           string // {} if left out, with success; a part of it with an error
		items, rejected  []string
	}{
		{name: "identify", call: "PUT /api/v1/customers/u1", body: `{"email":"a@b.c","plan":"pro","n":null,"e":"","created_at":1767225600,"_timestamp":1767225600}`,
			items: []string{`identify id:u1 at=2026-01-01T00:00:00Z {"created_at":1767225600,"e":"","email":"a@b.c","n":null,"plan":"pro"}`}},
		{name: "identify without a body", call: "PUT /api/v1/customers/u1", items: []string{"identify id:u1"}},
		{name: "identify by email", call: "PUT /api/v1/customers/a%40b.c", body: `{}`, items: []string{"identify email:a@b.c"}},
		{name: "identify by email, with an id", call: "PUT /api/v1/customers/a%40b.c", body: `{"id":"u1","anonymous_id":"an"}`, items: []string{`identify id:u1,email:a@b.c,anon:an {"email":"a@b.c"}`}},
		{name: "identify by our key", call: "PUT /api/v1/customers/cio_p_abc", body: `{"x":1}`, items: []string{`identify key:p_abc {"x":1}`}},
		{name: "the same id in path and body", call: "PUT /api/v1/customers/5", body: `{"id":5}`, items: []string{"identify id:5"}},
		{name: "another id in the body", call: "PUT /api/v1/customers/u1", body: `{"id":"u2"}`, items: []string{`identify id:u1 {"id":"u2"}`}},
		{name: "only who is there", call: "PUT /api/v1/customers/u1", body: `{"_update":true,"x":1}`, items: []string{`identify id:u1 {"x":1} update-only`}},
		{name: "ids with a slash and more", call: "PUT /api/v1/customers/a%2Fb%25%5C%3A%F0%9F%98%80%20", body: `{}`, items: []string{`identify id:a/b%\:😀 `}},
		{name: "ids of dots", call: "PUT /api/v1/customers/..", body: `{}`, items: []string{`identify id:..`}},
		{name: "ids of escaped dots", call: "PUT /api/v1/customers/%2E%2E%2F", body: `{}`, items: []string{`identify id:../`}},
		{name: "composed and decomposed are two", call: "PUT /api/v1/customers/e%CC%81", body: `{}`, items: []string{"identify id:e\u0301"}},
		{name: "relationships", call: "PUT /api/v1/customers/u1", body: `{"x":1,"cio_relationships":{"action":"add_relationships","relationships":[]}}`, items: []string{`identify id:u1 {"x":1}`}, rejected: []string{"unsupported_type /cio_relationships (warning)"}},
		{name: "reserved names", call: "PUT /api/v1/customers/u1", body: `{"$last_seen_at":1,"x":1}`, items: []string{`identify id:u1 {"x":1}`}, rejected: []string{"reserved /$last_seen_at (warning)"}},
		{name: "milliseconds for seconds", call: "PUT /api/v1/customers/u1", body: `{"_timestamp":1767225600000}`, items: []string{"identify id:u1 at=2026-01-01T00:00:00Z"}},
		{name: "a time that is none", call: "PUT /api/v1/customers/u1", body: `{"_timestamp":-5}`, items: []string{"identify id:u1"}, rejected: []string{"invalid /_timestamp (warning)"}},
		{name: "an empty id", call: "PUT /api/v1/customers/", status: 400, answer: `"code":"invalid"`},
		{name: "a long id", call: "PUT /api/v1/customers/" + long, status: 400, answer: `"code":"limit","limit":255,"actual":256`},
		{name: "an id with NUL", call: "PUT /api/v1/customers/a%00", status: 400, answer: `"code":"encoding"`},
		{name: "an id that is no UTF-8", call: "PUT /api/v1/customers/%FF", status: 400, answer: `"code":"encoding"`},
		{name: "a long name", call: "PUT /api/v1/customers/u1", body: `{"` + long[:151] + `":1}`, status: 400, answer: `"limit":150,"actual":151`},
		{name: "bad JSON", call: "PUT /api/v1/customers/u1", body: `{"x":`, status: 400, answer: `{"meta":{"error":"bad JSON`},
		{name: "the same key twice", call: "PUT /api/v1/customers/u1", body: `{"x":1,"x":2}`, status: 400, answer: `"code":"duplicate_key","pointer":"/x"`},
		{name: "too large", call: "PUT /api/v1/customers/u1", body: `{"x":"` + strings.Repeat("x", 1<<16) + `"}`, status: 413, answer: `"code":"too_large","limit":65536`},

		{name: "event", call: "POST /api/v1/customers/u1/events", body: `{"name":"Bought","id":"01ARZ","timestamp":1767225600,"data":{"total":5,"recipient":"x"}}`,
			items: []string{`event id:u1 name=Bought mid=01ARZ at=2026-01-01T00:00:00Z {"recipient":"x","total":5}`}},
		{name: "page", call: "POST /api/v1/customers/u1/events", body: `{"type":"page","name":"https://x.com/a"}`, items: []string{"page id:u1 name=https://x.com/a"}},
		{name: "page with an address", call: "POST /api/v1/customers/u1/events", body: `{"type":"page","name":"A","data":{"url":"https://x.com/a"}}`, items: []string{`page id:u1 name=A url=https://x.com/a {"url":"https://x.com/a"}`}},
		{name: "screen", call: "POST /api/v1/customers/u1/events", body: `{"type":"screen","name":"Main"}`, items: []string{"screen id:u1 name=Main"}},
		{name: "unknown type", call: "POST /api/v1/customers/u1/events", body: `{"type":"click","name":"A"}`, status: 400, answer: `"pointer":"/type"`},
		{name: "event without name", call: "POST /api/v1/customers/u1/events", body: `{}`, status: 400, answer: `"pointer":"/name"`},
		{name: "data that is no object", call: "POST /api/v1/customers/u1/events", body: `{"name":"A","data":[1]}`, status: 400, answer: `"pointer":"/data"`},
		{name: "anonymous event", call: "POST /api/v1/events", body: `{"name":"A","anonymous_id":"an"}`, items: []string{"event anon:an name=A"}},
		{name: "event of nobody", call: "POST /api/v1/events", body: `{"name":"A","anonymous_id":""}`, rejected: []string{"no_identity /anonymous_id"}},

		{name: "device", call: "PUT /api/v1/customers/u1/devices", body: `{"device":{"id":"T","platform":"iOS","last_used":1767225600,"attributes":{"push_enabled":true}}}`, items: []string{`device id:u1 device=T/ios{"push_enabled":true}`}},
		{name: "device without token", call: "PUT /api/v1/customers/u1/devices", body: `{"device":{"platform":"ios"}}`, status: 400, answer: `"pointer":"/device/id"`},
		{name: "device without platform", call: "PUT /api/v1/customers/u1/devices", body: `{"device":{"id":"T"}}`, status: 400, answer: `"pointer":"/device/platform"`},
		{name: "no device", call: "PUT /api/v1/customers/u1/devices", body: `{}`, status: 400, answer: `"pointer":"/device"`},
		{name: "device used tomorrow", call: "PUT /api/v1/customers/u1/devices", body: `{"device":{"id":"T","platform":"ios","last_used":9999999999}}`, items: []string{`device id:u1 device=T/iosnull`}, rejected: []string{"invalid /device/last_used (warning)"}},
		{name: "device deleted", call: "DELETE /api/v1/customers/u1/devices/T%2Fx", items: []string{"device_delete id:u1 device=T/x/null update-only"}},

		{name: "delete", call: "DELETE /api/v1/customers/u1", body: `{}`, items: []string{"erase id:u1"}},
		{name: "suppress", call: "POST /api/v1/customers/u1/suppress", items: []string{"suppress id:u1"}},
		{name: "unsuppress", call: "POST /api/v1/customers/a%40b.c/unsuppress", items: []string{"unsuppress id:a@b.c,email:a@b.c"}},
		{name: "merge", call: "POST /api/v1/merge_customers", body: `{"primary":{"id":"u1"},"secondary":{"email":"a@b.c"}}`, items: []string{"merge id:u1 other=email:a@b.c"}},
		{name: "merge by our key", call: "POST /api/v1/merge_customers", body: `{"primary":{"cio_id":"cio_p_1"},"secondary":{"cio_id":"p_2"}}`, items: []string{"merge key:p_1 other=key:p_2"}},
		{name: "merge of one", call: "POST /api/v1/merge_customers", body: `{"primary":{"id":"u1"}}`, status: 400, answer: `"pointer":"/secondary"`},
		{name: "merge with two ids", call: "POST /api/v1/merge_customers", body: `{"primary":{"id":"u1","email":"a@b.c"},"secondary":{"id":"u2"}}`, status: 400, answer: `"pointer":"/primary"`},
		{name: "merge into itself", call: "POST /api/v1/merge_customers", body: `{"primary":{"id":"u1"},"secondary":{"id":"u1"}}`, status: 400, answer: `"pointer":"/secondary"`},

		{name: "members", call: "POST /api/v1/segments/1/add_customers", body: `{"ids":["u1",2]}`, items: []string{"member id:u1", "member id:2"}},
		{name: "members by email", call: "POST /api/v1/segments/1/remove_customers?id_type=email", body: `{"ids":["a@b.c"]}`, items: []string{"member email:a@b.c"}},
		{name: "members by our key", call: "POST /api/v1/segments/1/add_customers?id_type=cio_id", body: `{"ids":["cio_p_1","p_2"]}`, items: []string{"member key:p_1", "member key:p_2"}},
		{name: "members with a bad id", call: "POST /api/v1/segments/1/add_customers", body: `{"ids":["u1","",{},"\ud800"]}`, items: []string{"member id:u1"}, rejected: []string{"invalid", "invalid", "encoding"}},
		{name: "members of a kind that is none", call: "POST /api/v1/segments/1/add_customers?id_type=phone", body: `{"ids":["1"]}`, status: 400, answer: `id_type`},
		{name: "a thousand members", call: "POST /api/v1/segments/1/add_customers", body: ids(1001), status: 400, answer: `"limit":1000,"actual":1001`},
		{name: "no members", call: "POST /api/v1/segments/1/add_customers", body: `{}`, status: 400, answer: `"pointer":"/ids"`},
		{name: "members of no segment", call: "POST /api/v1/segments/9/add_customers", body: `{"ids":["u1"]}`, status: 404, answer: `"code":"not_found"`},
		{name: "members of a segment by name", call: "POST /api/v1/segments/vip/add_customers", body: `{"ids":["u1"]}`, status: 404, answer: `"code":"not_found"`},
		{name: "members of a dynamic segment", call: "POST /api/v1/segments/2/add_customers", body: `{"ids":["u1"]}`, status: 400, answer: `manual`},

		{name: "metric", call: "POST /api/v1/metrics", body: `{"delivery_id":"d","metric":"spammed","timestamp":1767225600,"recipient":"a@b.c","reason":"r","href":"https://x"}`,
			items: []string{"message email:a@b.c mid=metric:c64a31a2acdcd5ae4b92881437f62c2b at=2026-01-01T00:00:00Z email/complained/d/https://x/r update-only"}},
		{name: "metric dropped", call: "POST /api/v1/metrics", body: `{"delivery_id":"d","metric":"dropped","recipient":"a@b.c"}`, items: []string{"message email:a@b.c email/suppressed/d// update-only"}},
		{name: "metric deferred", call: "POST /api/v1/metrics", body: `{"delivery_id":"d","metric":"deferred","recipient":"a@b.c"}`, rejected: []string{"unsupported_type /metric"}},
		{name: "metric that is none", call: "POST /api/v1/metrics", body: `{"delivery_id":"d","metric":"seen","recipient":"a@b.c"}`, status: 400, answer: `"pointer":"/metric"`},
		{name: "metric of a delivery that is not ours", call: "POST /api/v1/metrics", body: `{"delivery_id":"d","metric":"opened"}`, rejected: []string{"not_found /delivery_id"}},
		{name: "metric without a key", call: "POST /api/v1/metrics", header: []string{"Authorization: "}, body: `{"delivery_id":"d","metric":"opened","recipient":"a@b.c"}`, items: []string{"message email:a@b.c email/opened/d// public update-only"}},
		{name: "bounce without a key", call: "POST /api/v1/metrics", header: []string{"Authorization: "}, body: `{"delivery_id":"d","metric":"bounced","recipient":"a@b.c"}`, status: 403, answer: `"code":"public_key"`, rejected: []string{"public_key /metric"}},
		{name: "push event", call: "POST /push/events", header: []string{"Authorization: "}, body: `{"delivery_id":"d","event":"opened","device_id":"T"}`, items: []string{"message token:T push/opened/d// public update-only"}},
		{name: "push event in full", call: "POST /api/v1/push/events", body: `{"delivery_id":"d","event":"delivered","device_id":"T"}`, items: []string{"message token:T push/delivered/d// update-only"}},

		{name: "form", call: "POST /api/v1/forms/f1/submit", body: `{"data":{"email":"a@b.c","name":"Bob"}}`, status: 204,
			items: []string{`identify email:a@b.c {"email":"a@b.c","name":"Bob"}`, `event email:a@b.c name=Form Submitted {"email":"a@b.c","form_id":"f1","name":"Bob"}`}},
		{name: "form of nobody", call: "POST /api/v1/forms/f1/submit", body: `{"data":{"name":"Bob"}}`, status: 400, answer: `{"meta":{"code":"no_identity","errors":["`},
		{name: "form without data", call: "POST /api/v1/forms/f1/submit", body: `{}`, status: 400, answer: `"errors":["`},

		{name: "entity", call: "POST /api/v2/entity", body: `{"type":"person","action":"identify","identifiers":{"id":"u1"},"attributes":{"x":1,"_update":true},"timestamp":1767225600}`,
			items: []string{`identify id:u1 at=2026-01-01T00:00:00Z {"x":1} update-only`}},
		{name: "entity event", call: "POST /api/v2/entity", body: `{"type":"person","action":"event","identifiers":{"email":"a@b.c"},"name":"A","id":"m","attributes":{"x":1}}`, items: []string{`event email:a@b.c name=A mid=m {"x":1}`}},
		{name: "entity page", call: "POST /api/v2/entity", body: `{"type":"person","action":"page","identifiers":{"cio_id":"p_1"},"name":"/a"}`, items: []string{`page key:p_1 name=/a`}},
		{name: "entity anonymous", call: "POST /api/v2/entity", body: `{"type":"person","action":"event","anonymous_id":"an","name":"A"}`, items: []string{`event anon:an name=A`}},
		{name: "entity device", call: "POST /api/v2/entity", body: `{"type":"person","action":"add_device","identifiers":{"id":"u1"},"device":{"token":"T","platform":"android"}}`, items: []string{"device id:u1 device=T/androidnull"}},
		{name: "entity device deleted", call: "POST /api/v2/entity", body: `{"type":"person","action":"delete_device","identifiers":{"id":"u1"},"device":{"token":"T"}}`, items: []string{"device_delete id:u1 device=T/null update-only"}},
		{name: "entity delete", call: "POST /api/v2/entity", body: `{"type":"person","action":"delete","identifiers":{"id":"u1"}}`, items: []string{"erase id:u1"}},
		{name: "entity merge", call: "POST /api/v2/entity", body: `{"type":"person","action":"merge","primary":{"id":"u1"},"secondary":{"id":"u2"}}`, items: []string{"merge id:u1 other=id:u2"}},
		{name: "entity delivery", call: "POST /api/v2/entity", body: `{"type":"delivery","action":"event","identifiers":{"id":"d"},"name":"opened","attributes":{"device_token":"T"}}`, items: []string{"message token:T push/opened/d// update-only"}},
		{name: "entity object", call: "POST /api/v2/entity", body: `{"type":"object","action":"identify","identifiers":{"object_type_id":"1","object_id":"o"}}`, status: 400, answer: `{"errors":[{"reason":"unsupported_type","field":"type"`, rejected: []string{"unsupported_type /type"}},
		{name: "entity relationship", call: "POST /api/v2/entity", body: `{"type":"person","action":"add_relationships","identifiers":{"id":"u1"}}`, status: 400, answer: `"reason":"unsupported_type","field":"action"`, rejected: []string{"unsupported_type /action"}},
		{name: "entity with relationships beside", call: "POST /api/v2/entity", body: `{"type":"person","action":"identify","identifiers":{"id":"u1"},"attributes":{"x":1},"cio_relationships":[]}`, items: []string{`identify id:u1 {"x":1}`}, rejected: []string{"unsupported_type /cio_relationships (warning)"}},
		{name: "entity of no type", call: "POST /api/v2/entity", body: `{}`, status: 400, answer: `"field":"type"`},
		{name: "entity of no action", call: "POST /api/v2/entity", body: `{"type":"person","action":"dance","identifiers":{"id":"u1"}}`, status: 400, answer: `"field":"action"`},
		{name: "entity of nobody", call: "POST /api/v2/entity", body: `{"type":"person","action":"delete"}`, status: 400, answer: `"field":"identifiers"`},
		{name: "entity by phone", call: "POST /api/v2/entity", body: `{"type":"person","action":"delete","identifiers":{"phone":"+1"}}`, status: 400, answer: `"field":"identifiers.phone"`},
		{name: "entity with bad JSON", call: "POST /api/v2/entity", body: `[`, status: 400, answer: `{"errors":[{"reason":"invalid"`},
		{name: "batch", call: "POST /api/v2/batch", body: `{"batch":[{"type":"person","action":"identify","identifiers":{"id":"u1"}},{"type":"person","action":"delete","identifiers":{"id":"u2"}}]}`, items: []string{"identify id:u1", "erase id:u2"}},
		{name: "batch taken in part", call: "POST /api/v2/batch", body: `{"batch":[{"type":"person","action":"identify","identifiers":{"id":"u1"}},{"type":"object"},7]}`, status: 207,
			answer: `{"errors":[{"batch_index":1,"reason":"unsupported_type","field":"type","message":"there are no objects and no relationships"},{"batch_index":2,"reason":"invalid","field":"type",`,
			items:  []string{"identify id:u1"}, rejected: []string{"unsupported_type /type", "invalid /type"}},
		{name: "batch not taken", call: "POST /api/v2/batch", body: `{"batch":[{"type":"person","action":"identify","identifiers":{"id":"u1"},"attributes":{"x":1e400}}]}`, status: 400, answer: `{"errors":[{"batch_index":0,"reason":"number_range","field":"attributes.x"`, rejected: []string{"number_range /attributes/x"}},
		{name: "no batch", call: "POST /api/v2/batch", body: `{}`, status: 400, answer: `"field":"batch"`},
		{name: "large item of a batch", call: "POST /api/v2/batch", body: `{"batch":[{"x":"` + strings.Repeat("x", 1<<16) + `"}]}`, status: 413, answer: `"limit":65536`},

		{name: "a browser key identifies", call: "PUT /api/v1/customers/u1", header: []string{browser}, body: `{}`, items: []string{"identify id:u1 public"}},
		{name: "a browser key does not delete", call: "DELETE /api/v1/customers/u1", header: []string{browser}, status: 403, answer: `"code":"public_key"`, rejected: []string{"public_key"}},
		{name: "nor suppress", call: "POST /api/v1/customers/u1/suppress", header: []string{browser}, status: 403, answer: `"code":"public_key"`, rejected: []string{"public_key"}},
		{name: "nor unsuppress", call: "POST /api/v1/customers/u1/unsuppress", header: []string{browser}, status: 403, answer: `"code":"public_key"`, rejected: []string{"public_key"}},
		{name: "nor merge", call: "POST /api/v1/merge_customers", header: []string{browser}, body: `{"primary":{"id":"u1"},"secondary":{"id":"u2"}}`, status: 403, answer: `"code":"public_key"`, rejected: []string{"public_key"}},
		{name: "nor change segments", call: "POST /api/v1/segments/1/add_customers", header: []string{browser}, body: `{"ids":["u1"]}`, status: 403, answer: `"code":"public_key"`, rejected: []string{"public_key"}},
		{name: "nor by version 2", call: "POST /api/v2/entity", header: []string{browser}, body: `{"type":"person","action":"delete","identifiers":{"id":"u1"}}`, status: 400, answer: `"reason":"public_key"`, rejected: []string{"public_key"}},

		{name: "region", call: "GET /api/v1/accounts/region", answer: `"region":"us"`},
		{name: "region without a key", call: "GET /api/v1/accounts/region", header: []string{"Authorization: "}, status: 401, answer: `{"meta":{"error":"`},
		{name: "no key", call: "PUT /api/v1/customers/u1", header: []string{"Authorization: "}, status: 401, answer: `{"meta":{"error":"`},
		{name: "unknown key", call: "PUT /api/v1/customers/u1", header: []string{auth(base64.StdEncoding, "site", "sk_unknown_unknown")}, status: 401, answer: `"code":"unauthorized"`},
		{name: "native key", call: "PUT /api/v1/customers/u1", header: []string{auth(base64.StdEncoding, "", compattest.Native)}, status: 403, answer: `"code":"forbidden"`},
		{name: "key as site id", call: "PUT /api/v1/customers/u1", header: []string{auth(base64.StdEncoding, compattest.Server, "")}, items: []string{"identify id:u1"}},
		{name: "key as site id, with another", call: "PUT /api/v1/customers/u1", header: []string{auth(base64.StdEncoding, compattest.Server, "whatever")}, items: []string{"identify id:u1"}},
		{name: "key in the alphabet of URLs", call: "PUT /api/v1/customers/u1", header: []string{auth(base64.URLEncoding, "s~>?ite", compattest.Server)}, items: []string{"identify id:u1"}},
		{name: "key without padding", call: "PUT /api/v1/customers/u1", header: []string{auth(base64.RawURLEncoding, "s~>?it", compattest.Server)}, items: []string{"identify id:u1"}},
		{name: "unknown call", call: "POST /api/v1/nothing", status: 404, answer: `{"meta":{"error":"`},
		{name: "unknown call of version 2", call: "POST /api/v2/nothing", status: 404, answer: `{"errors":[{"reason":"not_found"`},
		{name: "wrong method", call: "GET /api/v1/customers/u1", status: 405, answer: `PUT or DELETE`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFamily(t)
			for _, s := range []carpel.Segment{{Name: "vip", Kind: carpel.Manual}, {Name: "all", Definition: mustParse(t, `{"attribute":"x","op":"exists"}`)}} {
				if _, err := f.Records.CreateSegment(t.Context(), f.Workspace, "test", s); err != nil {
					t.Fatal(err)
				}
			}
			method, target, _ := strings.Cut(c.call, " ")
			w := f.Send(method, target, c.body, append([]string{"Content-Type: application/json", server}, c.header...)...)
			if want := max(c.status, 200); w.Code != want {
				t.Errorf("status %d, want %d: %s", w.Code, want, w.Body)
			}
			switch got := w.Body.String(); {
			case c.status == 204 && got != "":
				t.Errorf("body %s", got)
			case c.status == 0 && c.answer == "" && got != "{}":
				t.Errorf("body %s", got)
			case c.status != 204 && !json.Valid(w.Body.Bytes()):
				t.Errorf("body %s is no JSON", got)
			case !strings.Contains(got, c.answer):
				t.Errorf("body %s has no %s", got, c.answer)
			}
			var items []string
			for _, it := range f.Committed {
				items = append(items, compattest.Show(it))
			}
			if diff := cmp.Diff(c.items, items); diff != "" {
				t.Errorf("items: %s", diff)
			}
			if diff := cmp.Diff(c.rejected, f.Rejected(t)); diff != "" {
				t.Errorf("rejected: %s", diff)
			}
		})
	}
}

func mustParse(t *testing.T, text string) carpel.Condition {
	t.Helper()
	c, err := carpel.ParseCondition([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOutcomes holds what is answered and listed when the engine refuses.
func TestOutcomes(t *testing.T) {
	notFound := engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeNotFound, Message: "nobody"}}
	suppressed := engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeSuppressed, Message: "suppressed"}}
	taken := engine.Outcome{Person: "p_1", Warnings: []*carpel.Error{{Code: carpel.CodeEmailTaken, Pointer: "/email", Message: "taken"}}}
	for _, c := range []struct {
		name, call, body string
		outcome          engine.Outcome
		status           int
		answer           string
		rejected         []string
	}{
		{"suppressed", "PUT /api/v1/customers/u1", `{}`, suppressed, 200, "{}", []string{"suppressed"}},
		{"email taken", "PUT /api/v1/customers/u1", `{"email":"a@b.c"}`, taken, 200, "{}", []string{"email_taken /email (warning)"}},
		{"nobody to delete", "DELETE /api/v1/customers/u1", ``, notFound, 200, "{}", nil},
		{"nobody to update", "PUT /api/v1/customers/u1", `{"_update":true}`, notFound, 200, "{}", []string{"not_found"}},
		{"nobody to merge", "POST /api/v1/merge_customers", `{"primary":{"id":"u1"},"secondary":{"id":"u2"}}`, notFound, 200, "{}", []string{"not_found"}},
		{"no member", "POST /api/v1/segments/1/add_customers", `{"ids":["u1"]}`, notFound, 200, "{}", []string{"not_found"}},
		{"entity suppressed", "POST /api/v2/entity", `{"type":"person","action":"identify","identifiers":{"id":"u1"}}`, suppressed, 400, `{"errors":[{"reason":"suppressed"`, []string{"suppressed"}},
		{"entity with its email taken", "POST /api/v2/entity", `{"type":"person","action":"identify","identifiers":{"id":"u1"}}`, taken, 200, `{}`, []string{"email_taken /attributes/email (warning)"}},
		{"entity deleted already", "POST /api/v2/entity", `{"type":"person","action":"delete","identifiers":{"id":"u1"}}`, notFound, 200, `{}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFamily(t)
			if _, err := f.Records.CreateSegment(t.Context(), f.Workspace, "test", carpel.Segment{Name: "vip", Kind: carpel.Manual}); err != nil {
				t.Fatal(err)
			}
			f.Outcome = func(carpel.Item) engine.Outcome { return c.outcome }
			method, target, _ := strings.Cut(c.call, " ")
			w := f.Send(method, target, c.body, server)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(c.rejected, f.Rejected(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFallback holds whom an identifier means that looks like an email.
func TestFallback(t *testing.T) {
	for _, c := range []struct {
		call  string
		known carpel.PersonRef // the person who is there
		want  []string
	}{
		{"DELETE /api/v1/customers/a%40b.c", carpel.PersonRef{Email: "a@b.c"}, []string{"erase email:a@b.c"}},
		{"DELETE /api/v1/customers/a%40b.c", carpel.PersonRef{UserID: "a@b.c"}, []string{"erase email:a@b.c", "erase id:a@b.c"}},
		{"POST /api/v1/customers/a%40b.c/suppress", carpel.PersonRef{UserID: "a@b.c"}, []string{"suppress email:a@b.c", "suppress id:a@b.c"}},
		{"DELETE /api/v1/customers/u1", carpel.PersonRef{}, []string{"erase id:u1"}},
	} {
		f := newFamily(t)
		f.Outcome = func(it carpel.Item) engine.Outcome {
			if it.Person == c.known {
				return engine.Outcome{Person: "p_1"}
			}
			if it.Kind == carpel.ItemSuppress {
				return engine.Outcome{}
			}
			return engine.Outcome{Refused: &carpel.Error{Code: carpel.CodeNotFound}}
		}
		method, target, _ := strings.Cut(c.call, " ")
		if w := f.Send(method, target, "", server); w.Code != 200 {
			t.Errorf("%s: %d %s", c.call, w.Code, w.Body)
		}
		var got []string
		for _, it := range f.Committed {
			got = append(got, compattest.Show(it))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.call, diff)
		}
		if r := f.Rejected(t); r != nil {
			t.Errorf("%s: listed %s", c.call, r)
		}
	}
}

// TestSeveralWorkspaces holds that a call without a key is not guessed to be for one of several workspaces.
func TestSeveralWorkspaces(t *testing.T) {
	f := newFamily(t)
	if _, err := f.Records.CreateWorkspace(t.Context(), carpel.Workspace{Name: "second", Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	w := f.Send("POST", "/push/events", `{"delivery_id":"d","event":"opened","device_id":"T"}`)
	if w.Code != 401 || len(f.Committed) > 0 {
		t.Errorf("got %d %s, %d items", w.Code, w.Body, len(f.Committed))
	}
}
