package segment

import (
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// FuzzDecode decodes anything as every call: nothing may break, and nothing that passes may be over a limit.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"batch":[{"type":"track","userId":"u","event":"A","properties":{"a":1}},{"type":"group","groupId":"g"},7],"context":{"page":{"url":"x"}}}`))
	f.Add([]byte(`{"batch":[{"type":"track","userId":"a@b.c","event":"Device Created or Updated","context":{"device":{"token":"T","type":"ios"}}}],"sentAt":"2026-03-01T00:00:00Z"}`))
	f.Add([]byte(`{"batch":[{"type":"track","userId":"u","event":"Report Delivery Event","properties":{"deliveryId":"d","metric":"opened"}},{"type":"alias","userId":"a","previousId":"b"}]}`))
	f.Add([]byte(`{"userId":"u","event":"User Deleted","name":"n","traits":{"email":"a@b.c","$x":1},"timestamp":"9999-01-01"}`))
	intake := ingest.New(ingest.Options{})
	f.Fuzz(func(t *testing.T, body []byte) {
		for kind, items := range map[string]string{"identify": "", "track": "", "page": "", "group": "", "alias": "", "batch": "batch", "import": "batch"} {
			for _, public := range []bool{false, true} {
				doc, err := ingest.Scan(body, items)
				if err != nil || doc.Fault() != nil || !doc.Root().IsObject() {
					continue
				}
				b := &ingest.Batch{Public: public, Received: 1_772_366_400_000}
				d := decoder{batch: b, intake: intake, kind: kind}
				if d.decode(doc) != nil {
					continue
				}
				for _, it := range b.Items {
					check(t, b, it)
				}
			}
		}
	})
}

// check fails for an item that would be committed and must not be.
func check(t *testing.T, b *ingest.Batch, it *ingest.Item) {
	if b.Body != nil && len(b.Body(it)) == 0 {
		t.Fatal("an item has no body to be listed with")
	}
	switch {
	case it.Refused != nil:
		return
	case it.Kind == 0, it.Person.IsZero(), len(it.Person.UserID) > carpel.MaxIDBytes, len(it.MessageID) > carpel.MaxIDBytes, it.At > it.Received+maxAheadInTests:
		t.Fatalf("committed %+v", it.Item)
	case b.Public && (it.Kind == carpel.ItemErase || it.Kind == carpel.ItemSuppress || it.Kind == carpel.ItemUnsuppress):
		t.Fatalf("a browser key: %+v", it.Item)
	case it.Kind == carpel.ItemEvent && (it.Name == "" || len(it.Name) > carpel.MaxNameBytes):
		t.Fatalf("committed the event name %q", it.Name)
	}
	for name := range it.Properties {
		if name == "" || name[0] == '$' || len(name) > carpel.MaxNameBytes {
			t.Fatalf("committed the name %q", name)
		}
	}
}

const maxAheadInTests = 24 * 3600 * 1000
