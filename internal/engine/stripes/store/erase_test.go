package store

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/carpel/carpel"
)

// Nothing of a person who was erased is in any key or value, once tables are rewritten: not in data, identities, waiting
// items, journal, nor statistics. Others keep theirs.
func TestErasureLeavesNothing(t *testing.T) {
	const mark = "zebra"
	s := newStore(t, Options{})
	n := 0
	text := func() carpel.Value { n++; return carpel.TextValue(fmt.Sprintf("%s-%d", mark, n)) }
	me := carpel.PersonRef{UserID: mark + "-user", AnonymousID: mark + "-visitor"}
	visitor := carpel.PersonRef{AnonymousID: mark + "-visitor"}
	take(t, s,
		identify("other", 1, map[string]carpel.Value{"plan": carpel.TextValue("pro"), "email": carpel.TextValue("other@example.com")}),
		carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: visitor, At: 2, Properties: map[string]carpel.Value{"note": text()}},
		carpel.Item{Kind: carpel.ItemIdentify, Person: me, At: 3, Properties: map[string]carpel.Value{"email": carpel.TextValue(mark + "@example.com"), "plan": carpel.TextValue("pro"), "city": text()}},
		carpel.Item{Kind: carpel.ItemIdentify, Person: me, At: 4, Properties: map[string]carpel.Value{"email": carpel.TextValue(mark + "2@example.com"), "city": text()}},
		carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: me, At: 5, MessageID: mark + "-message", Properties: map[string]carpel.Value{"note": text()}, Context: map[string]carpel.Value{"ip": text()}},
		carpel.Item{Kind: carpel.ItemPage, Name: "Home", URL: "https://example.com/" + mark, Person: me, At: 6},
		carpel.Item{Kind: carpel.ItemMessage, Person: me, At: 7, Message: &carpel.MessageInfo{Channel: "email", Action: "clicked", Link: "https://example.com/?" + mark, Delivery: mark, Reason: mark}},
		carpel.Item{Kind: carpel.ItemDevice, Person: me, At: 8, Device: &carpel.DeviceInfo{Token: mark + "-token", Platform: "ios", Properties: map[string]carpel.Value{"model": text()}}},
		identify(mark+"-second", 9, map[string]carpel.Value{"email": carpel.TextValue(mark + "3@example.com"), "nick": text()}),
		carpel.Item{Kind: carpel.ItemMerge, Person: carpel.PersonRef{UserID: mark + "-user"}, Other: carpel.PersonRef{UserID: mark + "-second"}, At: 10},
	)
	if out := take(t, s, carpel.Item{Kind: carpel.ItemSuppress, Person: carpel.PersonRef{Email: mark + "3@example.com"}, At: 11}); out[0].Refused != nil {
		t.Fatal(out[0].Refused)
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Compact(context.Background(), []byte{0}, []byte{0xff, 0xff}, false); err != nil {
		t.Fatal(err)
	}
	err := s.scan(nil, func(k, v []byte) error {
		if bytes.Contains(k, []byte(mark)) || bytes.Contains(v, []byte(mark)) {
			t.Errorf("%q has %q", k, v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	verified(t, s)
	if p := who(t, s, carpel.PersonRef{UserID: "other"}); p == nil || p.Email != "other@example.com" || p.Attributes["plan"].Value != carpel.TextValue("pro") {
		t.Fatalf("the other one is %+v", p)
	}
	for _, id := range []carpel.PersonRef{{UserID: mark + "-user"}, {UserID: mark + "-second"}, {Email: mark + "2@example.com"}} {
		if out := take(t, s, carpel.Item{Kind: carpel.ItemEvent, Name: "order", Person: id, At: 12}); carpel.ErrorCode(out[0].Refused) != carpel.CodeSuppressed {
			t.Errorf("%+v is not suppressed: %+v", id, out[0])
		}
	}
}
