package customerio

import (
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/ingest"
)

// FuzzDecode decodes anything as every call but those about segments, which need records: nothing may break, and
// nothing that passes may be over a limit.
func FuzzDecode(f *testing.F) {
	f.Add("u1", []byte(`{"name":"A","type":"page","data":{"x":1},"batch":[{"type":"person","action":"identify","identifiers":{"id":"x"}}]}`))
	f.Add("a@b.c", []byte(`{"type":"person","action":"event","identifiers":{"id":"x"},"device":{"id":"T","platform":"ios"},"timestamp":9999999999}`))
	f.Add("cio_p_1", []byte(`{"primary":{"id":"a"},"secondary":{"id":"b"},"delivery_id":"d","metric":"opened","recipient":"a@b.c","data":{"email":"a@b.c"}}`))
	h := New(compat.NewDoor(compat.Options{Intake: ingest.New(ingest.Options{}), MaxPending: 1}))
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		for i := range h.routes {
			rt := &h.routes[i]
			if rt.items == "ids" {
				continue
			}
			doc, err := ingest.Scan(body, rt.items)
			if err != nil || !doc.Root().IsObject() {
				continue
			}
			for _, public := range []bool{false, true} {
				c := &call{Context: t.Context(), door: h.door, route: rt, args: []string{id, id}, doc: doc}
				c.batch = &ingest.Batch{Public: public, Received: 1_772_366_400_000}
				if c.decode() != nil {
					continue
				}
				for _, it := range c.batch.Items {
					check(t, rt, it, public)
				}
			}
		}
	})
}

// check fails for an item that would be committed and must not be.
func check(t *testing.T, rt *route, it *ingest.Item, public bool) {
	destructive := it.Kind == carpel.ItemErase || it.Kind == carpel.ItemSuppress || it.Kind == carpel.ItemUnsuppress || it.Kind == carpel.ItemMerge
	switch {
	case it.Refused != nil:
		return
	case it.Kind == 0, it.Person.IsZero(), len(it.Person.UserID) > carpel.MaxIDBytes, len(it.MessageID) > carpel.MaxIDBytes, it.At > it.Received+24*3600*1000:
		t.Fatalf("%s: committed %+v", rt.pattern, it.Item)
	case public && destructive:
		t.Fatalf("%s: a browser key: %+v", rt.pattern, it.Item)
	case it.Kind == carpel.ItemEvent && (it.Name == "" || len(it.Name) > carpel.MaxNameBytes):
		t.Fatalf("%s: committed the event name %q", rt.pattern, it.Name)
	}
	for name := range it.Properties {
		if name == "" || name[0] == '$' || len(name) > carpel.MaxNameBytes {
			t.Fatalf("%s: committed the name %q", rt.pattern, name)
		}
	}
}
