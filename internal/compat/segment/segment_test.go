package segment_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/compat/compattest"
	"github.com/carpel/carpel/internal/compat/segment"
)

const (
	server  = compattest.Server
	browser = compattest.Browser
	native  = compattest.Native
)

func newFamily(t *testing.T) *compattest.Family {
	t.Helper()
	return compattest.New(t, func(door *compat.Door) http.Handler {
		mux := http.NewServeMux()
		segment.New(door).Register(mux)
		return mux
	})
}

func basic(key string) string { return compattest.Basic(key) }

// TestCalls is the wire format as rows: what is sent, what is answered, what is committed, what is listed.
func TestCalls(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		name, path, body string
		header           []string
		status           int // 200 if left out
		code, pointer    string
		limit, actual    int64
		items, rejected  []string
	}{
		{name: "identify", path: "/v1/identify", body: `{"userId":"u1","anonymousId":"a1","messageId":"m1","traits":{"plan":"pro","n":null,"e":"","f":false},"context":{"ip":"1.2.3.4"}}`,
			items: []string{`identify id:u1,anon:a1 mid=m1 {"e":"","f":false,"n":null,"plan":"pro"} context{"ip":"1.2.3.4"}`}},
		{name: "short form", path: "/v1/i", body: `{"userId":"u1"}`, items: []string{"identify id:u1"}},
		{name: "identify by email", path: "/v1/identify", body: `{"anonymousId":"a1","traits":{"email":"Bob@x.com"}}`,
			items: []string{`identify email:Bob@x.com,anon:a1 {"email":"Bob@x.com"}`}},
		{name: "what is no email names nobody", path: "/v1/identify", body: `{"traits":{"email":"none"}}`, rejected: []string{"no_identity"}},
		{name: "an email with a header in it", path: "/v1/identify", body: `{"userId":"u1","traits":{"email":"a@b.c\r\nBcc: d@e.f","x":1}}`,
			items: []string{`identify id:u1 {"x":1}`}, rejected: []string{"invalid /traits/email (warning)"}},
		{name: "a number as id", path: "/v1/identify", body: `{"userId":1234567890123456789012345678901234567890}`, items: []string{"identify id:1234567890123456789012345678901234567890"}},
		{name: "ids are exact", path: "/v1/identify", body: `{"userId":" ../..\\%2F:é😀 "}`, items: []string{"identify id: ../..\\%2F:é😀 "}},
		{name: "track", path: "/v1/track", body: `{"userId":"u1","event":" Order Completed ","properties":{"total":12.5,"items":[{"b":1,"a":2}],"big":12345678901234567890}}`,
			items: []string{`event id:u1 name=Order Completed {"big":12345678901234567890,"items":[{"a":2,"b":1}],"total":12.5}`}},
		{name: "anonymous track", path: "/v1/t", body: `{"anonymousId":"a1","event":"Seen"}`, items: []string{"event anon:a1 name=Seen"}},
		{name: "page by properties.url", path: "/v1/page", body: `{"userId":"u1","name":"Home","properties":{"url":"https://x.com/a"},"context":{"page":{"url":"https://x.com/b"}}}`,
			items: []string{`page id:u1 name=Home url=https://x.com/a {"url":"https://x.com/a"} context{"page":{"url":"https://x.com/b"}}`}},
		{name: "page by context.page.url", path: "/v1/p", body: `{"userId":"u1","context":{"page":{"url":"https://x.com/b"}}}`,
			items: []string{`page id:u1 url=https://x.com/b context{"page":{"url":"https://x.com/b"}}`}},
		{name: "page by name", path: "/v1/p", body: `{"userId":"u1","name":"/pricing","category":"docs"}`, items: []string{`page id:u1 name=/pricing {"category":"docs"}`}},
		{name: "screen", path: "/v1/screen", body: `{"userId":"u1","name":"Main"}`, items: []string{"screen id:u1 name=Main"}},
		{name: "group", path: "/v1/group", body: `{"userId":"u1","groupId":"g1","traits":{"name":"Acme","old":null}}`,
			items: []string{`identify id:u1 {"group.name":"Acme","group.old":null,"group_id":"g1"}`}},
		{name: "group without id", path: "/v1/group", body: `{"userId":"u1"}`, rejected: []string{"invalid /groupId"}},
		{name: "alias", path: "/v1/alias", body: `{"userId":"u2","previousId":"u1"}`, items: []string{"alias id:u2 other=id:u1"}},
		{name: "alias of the visitor", path: "/v1/a", body: `{"userId":"u2","anonymousId":"a1"}`, items: []string{"alias id:u2 other=anon:a1"}},
		{name: "alias to itself", path: "/v1/alias", body: `{"userId":"u1","previousId":"u1"}`, rejected: []string{"invalid /previousId"}},

		{name: "batch", path: "/v1/batch", body: `{"messageId":"whole","context":{"library":{"name":"x"},"ip":"1.1.1.1"},"batch":[
			{"type":"identify","userId":"u1"},{"type":"track","userId":"u1","event":"A","context":{"ip":"2.2.2.2"}},{"type":"page","userId":"u1","name":"P"}]}`,
			items: []string{`identify id:u1 context{"ip":"1.1.1.1","library":{"name":"x"}}`, `event id:u1 name=A context{"ip":"2.2.2.2","library":{"name":"x"}}`,
				`page id:u1 name=P context{"ip":"1.1.1.1","library":{"name":"x"}}`}},
		{name: "batch with bad items", path: "/v1/b", body: `{"batch":[{"type":"track","userId":"u1","event":"A"},{"type":"delete"},7,{"type":"track","event":"B"},{"type":"identify","userId":"u1","traits":{"a":"\ud800"}}]}`,
			items: []string{"event id:u1 name=A"}, rejected: []string{"invalid /type", "invalid", "no_identity", "encoding /traits/a"}},
		{name: "strict batch with bad items", path: "/v1/batch", header: []string{"X-Strict-Mode: 1"}, body: `{"batch":[{"type":"track","userId":"u1","event":"A"},{"type":"track","userId":"u1","event":""}]}`,
			status: 400, code: "invalid", pointer: "/batch/1/event"},
		{name: "empty batch", path: "/v1/batch", body: `{"batch":[]}`},
		{name: "batch without batch", path: "/v1/batch", body: `{}`, status: 400, code: "invalid", pointer: "/batch"},
		{name: "batch with a bad context", path: "/v1/batch", body: `{"batch":[],"context":7}`, status: 400, code: "invalid", pointer: "/context"},

		{name: "key in the body", path: "/v1/t", header: []string{"Authorization: "}, body: `{"writeKey":"` + browser + `","userId":"u1","event":"A"}`, items: []string{"event id:u1 name=A public"}},
		{name: "text/plain", path: "/v1/b", header: []string{"Authorization: ", "Content-Type: text/plain"}, body: `{"writeKey":"` + browser + `","batch":[{"type":"track","userId":"u1","event":"A"}]}`, items: []string{"event id:u1 name=A public"}},
		{name: "a token of theirs and the key in the body", path: "/v1/t", header: []string{"Authorization: Bearer x"}, body: `{"writeKey":"` + server + `","userId":"u1","event":"A"}`, items: []string{"event id:u1 name=A"}},
		{name: "no key", path: "/v1/t", header: []string{"Authorization: "}, body: `{"userId":"u1","event":"A"}`, status: 401, code: "unauthorized"},
		{name: "unknown key", path: "/v1/t", header: []string{basic("sk_unknown_unknown")}, body: `{"userId":"u1","event":"A"}`, status: 401, code: "unauthorized"},
		{name: "native key", path: "/v1/t", header: []string{basic(native)}, body: `{"userId":"u1","event":"A"}`, status: 403, code: "forbidden"},
		{name: "garbled key", path: "/v1/t", header: []string{"Authorization: Basic %%%"}, body: `{"userId":"u1","event":"A"}`, status: 401, code: "unauthorized"},

		{name: "bad JSON", path: "/v1/track", body: `{"userId":`, status: 400, code: "invalid"},
		{name: "no object", path: "/v1/track", body: `[]`, status: 400, code: "invalid"},
		{name: "the same key twice", path: "/v1/track", body: `{"userId":"u1","event":"A","properties":{"a":1,"a":2}}`, status: 400, code: "duplicate_key", pointer: "/properties/a"},
		{name: "a key in other case", path: "/v1/track", body: `{"userId":"u1","USERID":"evil","event":"A"}`, items: []string{"event id:u1 name=A"}, rejected: []string{"unknown_key /USERID (warning)"}},
		{name: "an id in other case", path: "/v1/track", body: `{"userid":"u1","event":"A"}`, rejected: []string{"no_identity"}},
		{name: "invalid UTF-8", path: "/v1/track", body: "{\"userId\":\"u1\",\"event\":\"A\xff\"}", status: 400, code: "encoding", pointer: "/event"},
		{name: "lone surrogate", path: "/v1/track", body: `{"userId":"u1","event":"A\ud800"}`, status: 400, code: "encoding", pointer: "/event"},
		{name: "NUL", path: "/v1/track", body: `{"userId":"u\u0000","event":"A"}`, status: 400, code: "encoding", pointer: "/userId"},
		{name: "1e400", path: "/v1/track", body: `{"userId":"u1","event":"A","properties":{"x":[1e400]}}`, status: 400, code: "number_range", pointer: "/properties/x/0"},
		{name: "depth", path: "/v1/track", body: `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, status: 400, code: "limit", pointer: "/a" + strings.Repeat("/0", 30), limit: 32, actual: 33},
		{name: "item size", path: "/v1/track", body: `{"userId":"u1","event":"A","properties":{"x":"` + strings.Repeat("x", 1<<16) + `"}}`, status: 413, code: "too_large", limit: 65536, actual: 65585},
		{name: "item size in a batch", path: "/v1/batch", body: `{"batch":[{"type":"track","userId":"u1","event":"A"},{"x":"` + strings.Repeat("x", 1<<16) + `"}]}`, status: 413, code: "too_large", pointer: "/batch/1", limit: 65536, actual: 65544},
		{name: "body size", path: "/v1/batch", body: `{"batch":[` + strings.Repeat(`{"type":"track","userId":"u1","event":"A"},`, 1<<17) + `]}`, status: 413, code: "too_large", limit: 4 << 20, actual: 5636108},
		{name: "items", path: "/v1/batch", body: `{"batch":[` + strings.Repeat(`{},`, 2500) + `{}]}`, status: 400, code: "limit", pointer: "/batch", limit: 2500, actual: 2501},

		{name: "id", path: "/v1/track", body: `{"userId":"` + long + `","event":"A"}`, rejected: []string{"limit /userId"}},
		{name: "anonymous id", path: "/v1/track", body: `{"anonymousId":"` + long + `","event":"A"}`, rejected: []string{"limit /anonymousId"}},
		{name: "message id", path: "/v1/track", body: `{"userId":"u1","messageId":"` + long + `","event":"A"}`, rejected: []string{"limit /messageId"}},
		{name: "id, strict", path: "/v1/track", header: []string{"X-Strict-Mode: 1"}, body: `{"userId":"` + long + `","event":"A"}`, status: 400, code: "limit", pointer: "/userId", limit: 255, actual: 256},
		{name: "name", path: "/v1/track", header: []string{"X-Strict-Mode: 1"}, body: `{"userId":"u1","event":"` + long[:151] + `"}`, status: 400, code: "limit", pointer: "/event", limit: 150, actual: 151},
		{name: "property name", path: "/v1/track", header: []string{"X-Strict-Mode: 1"}, body: `{"userId":"u1","event":"A","properties":{"` + long[:151] + `":1}}`, status: 400, code: "limit", pointer: "/properties/" + long[:150], limit: 150, actual: 151},
		{name: "trait name", path: "/v1/identify", body: `{"userId":"u1","traits":{"` + long[:151] + `":1}}`, rejected: []string{"limit /traits/" + long[:150]}},
		{name: "trait name by its prefix", path: "/v1/group", body: `{"userId":"u1","groupId":"g","traits":{"` + long[:145] + `":1}}`, rejected: []string{"limit /traits/" + long[:144]}},
		{name: "no event name", path: "/v1/track", body: `{"userId":"u1","event":" "}`, rejected: []string{"invalid /event"}},
		{name: "an event that is a number", path: "/v1/track", body: `{"userId":"u1","event":7}`, rejected: []string{"invalid /event"}},
		{name: "an id that is an object", path: "/v1/track", body: `{"userId":{},"event":"A"}`, rejected: []string{"invalid /userId"}},
		{name: "properties that are a list", path: "/v1/track", body: `{"userId":"u1","event":"A","properties":[1]}`, rejected: []string{"invalid /properties"}},
		{name: "reserved names", path: "/v1/track", body: `{"userId":"u1","event":"A","properties":{"$a":1,"b":2,"":3}}`, items: []string{`event id:u1 name=A {"b":2}`}, rejected: []string{"reserved /properties/$a (warning)", "invalid /properties/ (warning)"}},
		{name: "reserved trait", path: "/v1/identify", body: `{"userId":"u1","traits":{"$first_seen_at":1}}`, items: []string{`identify id:u1`}, rejected: []string{"reserved /traits/$first_seen_at (warning)"}},
		{name: "reserved event", path: "/v1/track", body: `{"userId":"u1","event":"*"}`, rejected: []string{"reserved /event"}},
		{name: "nobody", path: "/v1/track", body: `{"event":"A"}`, rejected: []string{"no_identity"}},
		{name: "empty ids", path: "/v1/track", body: `{"userId":"","anonymousId":null,"event":"A"}`, rejected: []string{"no_identity"}},

		{name: "originalTimestamp before timestamp", path: "/v1/t", body: `{"userId":"u1","event":"A","originalTimestamp":"2026-01-01T00:00:00Z","timestamp":"2026-02-01T00:00:00Z"}`, items: []string{"event id:u1 name=A at=2026-01-01T00:00:00Z"}},
		{name: "timestamp", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"2026-02-01T01:00:00.123+01:00"}`, items: []string{"event id:u1 name=A at=2026-02-01T00:00:00.123Z"}},
		{name: "seconds", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":1767225600}`, items: []string{"event id:u1 name=A at=2026-01-01T00:00:00Z"}},
		{name: "milliseconds", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":1767225600000}`, items: []string{"event id:u1 name=A at=2026-01-01T00:00:00Z"}},
		{name: "year 1", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"0001-01-01T00:00:00Z"}`, items: []string{"event id:u1 name=A at=0001-01-01T00:00:00Z"}},
		{name: "before the year 1", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":-100000000000000}`, items: []string{"event id:u1 name=A"}, rejected: []string{"invalid /timestamp (warning)"}},
		{name: "1969", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"1969-12-31T23:59:59Z"}`, items: []string{"event id:u1 name=A at=1969-12-31T23:59:59Z"}},
		{name: "9999", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"9999-12-31T23:59:59Z"}`, items: []string{"event id:u1 name=A"}, rejected: []string{"limit /timestamp (warning)"}},
		{name: "a day ahead", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"2026-03-02T12:00:00Z"}`, items: []string{"event id:u1 name=A at=2026-03-02T12:00:00Z"}},
		{name: "more than a day ahead", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"2026-03-02T12:00:00.001Z"}`, items: []string{"event id:u1 name=A"}, rejected: []string{"limit /timestamp (warning)"}},
		{name: "no time", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"yesterday"}`, items: []string{"event id:u1 name=A"}, rejected: []string{"invalid /timestamp (warning)"}},
		{name: "a browser's clock is corrected", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"A","timestamp":"2026-03-01T10:59:50Z","sentAt":"2026-03-01T11:00:00Z"}`, items: []string{"event id:u1 name=A at=2026-03-01T11:59:50Z public"}},
		{name: "a browser's clock that is ahead", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"A","timestamp":"2026-03-05T10:59:50Z","sentAt":"2026-03-05T11:00:00Z"}`, items: []string{"event id:u1 name=A at=2026-03-01T11:59:50Z public"}},
		{name: "a browser's clock within a minute", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"A","timestamp":"2026-03-01T11:58:50Z","sentAt":"2026-03-01T11:59:00Z"}`, items: []string{"event id:u1 name=A at=2026-03-01T11:58:50Z public"}},
		{name: "a browser's clock by the batch", path: "/v1/b", header: []string{basic(browser)}, body: `{"sentAt":"2026-03-01T11:00:00Z","batch":[{"type":"track","userId":"u1","event":"A","timestamp":"2026-03-01T10:59:50Z"}]}`, items: []string{"event id:u1 name=A at=2026-03-01T11:59:50Z public"}},
		{name: "a server's clock is not corrected", path: "/v1/t", body: `{"userId":"u1","event":"A","timestamp":"2026-03-01T10:59:50Z","sentAt":"2026-03-01T11:00:00Z"}`, items: []string{"event id:u1 name=A at=2026-03-01T10:59:50Z"}},
		{name: "nor is an import", path: "/v1/import", header: []string{basic(browser)}, body: `{"sentAt":"2026-03-01T11:00:00Z","batch":[{"type":"track","userId":"u1","event":"A","timestamp":"2026-03-01T10:59:50Z"}]}`, items: []string{"event id:u1 name=A at=2026-03-01T10:59:50Z public"}},

		{name: "User Deleted", path: "/v1/t", body: `{"userId":"u1","anonymousId":"a","event":"User Deleted"}`, items: []string{"erase id:u1 name=User Deleted"}},
		{name: "User Suppressed", path: "/v1/t", body: `{"userId":"u1","event":"User Suppressed"}`, items: []string{"suppress id:u1 name=User Suppressed"}},
		{name: "User Unsuppressed by email", path: "/v1/t", body: `{"userId":"a@b.c","event":"User Unsuppressed"}`, items: []string{"unsuppress id:a@b.c,email:a@b.c name=User Unsuppressed"}},
		{name: "User Deleted with a browser key", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"User Deleted"}`, rejected: []string{"public_key /event"}},
		{name: "User Suppressed with a browser key", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"User Suppressed"}`, rejected: []string{"public_key /event"}},
		{name: "User Unsuppressed with a browser key", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"User Unsuppressed"}`, rejected: []string{"public_key /event"}},
		{name: "User Deleted of a visitor", path: "/v1/t", body: `{"anonymousId":"a1","event":"User Deleted"}`, items: []string{"erase anon:a1 name=User Deleted"}},
		{name: "device", path: "/v1/t", body: `{"userId":"u1","event":"Device Created or Updated","properties":{"beta":true},"context":{"device":{"token":"T","type":"iOS","model":"X"},"app":{"version":"1.2"},"os":{"name":"iOS","version":"17"}}}`,
			items: []string{`device id:u1 name=Device Created or Updated device=T/ios{"app_version":"1.2","beta":true,"model":"X","os":"iOS","os_version":"17"}`}},
		{name: "device without token", path: "/v1/t", body: `{"userId":"u1","event":"Device Created or Updated"}`, rejected: []string{"invalid /context/device/token"}},
		{name: "device without platform", path: "/v1/t", body: `{"userId":"u1","event":"Device Created or Updated","context":{"device":{"token":"T"}}}`, rejected: []string{"invalid /context/device/type"}},
		{name: "device with a long token", path: "/v1/t", header: []string{"X-Strict-Mode: 1"}, body: `{"userId":"u1","event":"Device Deleted","context":{"device":{"token":"` + strings.Repeat("x", 4097) + `"}}}`, status: 400, code: "limit", pointer: "/context/device/token", limit: 4096, actual: 4097},
		{name: "device deleted", path: "/v1/t", body: `{"userId":"u1","event":"Device Deleted","context":{"device":{"token":"T"}}}`, items: []string{`device_delete id:u1 name=Device Deleted device=T/null update-only`}},
		{name: "a token on an ordinary call is no device", path: "/v1/t", body: `{"userId":"u1","event":"A","context":{"device":{"token":"T"}}}`, items: []string{`event id:u1 name=A context{"device":{"token":"T"}}`}},
		{name: "report", path: "/v1/t", body: `{"userId":"u1","event":"Report Delivery Event","properties":{"deliveryId":"d1","metric":"clicked","recipient":"a@b.c","href":"https://x","reason":"r"}}`,
			items: []string{"message email:a@b.c name=Report Delivery Event email/clicked/d1/https://x/r update-only"}},
		{name: "report of spam", path: "/v1/t", body: `{"userId":"u1","event":"Report Delivery Event","properties":{"deliveryId":"d1","metric":"spammed"}}`,
			items: []string{"message id:u1 name=Report Delivery Event email/complained/d1// update-only"}},
		{name: "report of push", path: "/v1/t", header: []string{basic(browser)}, body: `{"anonymousId":"a","event":"Report Delivery Event","properties":{"deliveryId":"d1","metric":"opened","recipient":"token1"}}`,
			items: []string{"message token:token1 name=Report Delivery Event push/opened/d1// public update-only"}},
		{name: "report of a bounce with a browser key", path: "/v1/t", header: []string{basic(browser)}, body: `{"userId":"u1","event":"Report Delivery Event","properties":{"deliveryId":"d1","metric":"bounced"}}`, rejected: []string{"public_key /properties/metric"}},
		{name: "report of what is deferred", path: "/v1/t", body: `{"userId":"u1","event":"Report Delivery Event","properties":{"deliveryId":"d1","metric":"deferred"}}`, rejected: []string{"unsupported_type /properties/metric"}},
		{name: "report without delivery", path: "/v1/t", body: `{"userId":"u1","event":"Report Delivery Event","properties":{"metric":"opened"}}`, rejected: []string{"invalid /properties/deliveryId"}},
		{name: "objects", path: "/v1/t", body: `{"userId":"u1","event":"Object Deleted"}`, rejected: []string{"unsupported_type /event"}},
		{name: "relationships", path: "/v1/t", body: `{"userId":"u1","event":"Relationship Deleted"}`, rejected: []string{"unsupported_type /event"}},
		{name: "group deleted", path: "/v1/t", body: `{"userId":"u1","event":"Group Deleted"}`, rejected: []string{"unsupported_type /event"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFamily(t)
			w := f.Send("POST", c.path, c.body, append([]string{"Content-Type: application/json", basic(server)}, c.header...)...)
			if want := max(c.status, 200); w.Code != want {
				t.Errorf("status %d, want %d: %s", w.Code, want, w.Body)
			}
			if c.status == 0 {
				if got := w.Body.String(); got != `{"success":true}` {
					t.Errorf("body %s", got)
				}
			} else {
				var e struct {
					Success *bool
					carpel.Error
				}
				if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Success == nil || *e.Success || e.Message == "" {
					t.Errorf("body %s (%v)", w.Body, err)
				}
				e.Message = ""
				if diff := cmp.Diff(carpel.Error{Code: c.code, Pointer: c.pointer, Limit: c.limit, Actual: c.actual}, e.Error); diff != "" {
					t.Error(diff)
				}
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
			if w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Error("a web page may not read the answer")
			}
		})
	}
}
