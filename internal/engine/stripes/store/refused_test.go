package store

import (
	"testing"

	"github.com/carpel/carpel"
)

// An item that is refused leaves nothing behind: no person, no identity.
func TestRefusedLeavesNothing(t *testing.T) {
	s := newStore(t, Options{})
	device := func(ref carpel.PersonRef, public bool) carpel.Item {
		return carpel.Item{Kind: carpel.ItemDevice, Person: ref, At: 1, Public: public, Device: &carpel.DeviceInfo{Token: "token", Platform: "ios"}}
	}
	take(t, s, device(carpel.PersonRef{UserID: "owner"}, true))
	out := take(t, s, device(carpel.PersonRef{UserID: "thief", AnonymousID: "a"}, true))[0]
	if carpel.ErrorCode(out.Refused) != carpel.CodePublicKey || out.Person != "" {
		t.Fatalf("%+v", out)
	}
	if people, _, _ := s.Counts(); people != 1 || who(t, s, carpel.PersonRef{UserID: "thief"}) != nil || who(t, s, carpel.PersonRef{AnonymousID: "a"}) != nil {
		t.Fatalf("%d people", people)
	}
	// The same from a visitor waits, and is told of when it joins.
	take(t, s, device(carpel.PersonRef{AnonymousID: "b"}, true))
	out = take(t, s, identify("visitor", 2, nil), carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: "visitor", AnonymousID: "b"}, At: 3})[1]
	if len(out.Warnings) != 1 || out.Warnings[0].Code != carpel.CodePublicKey {
		t.Fatalf("%+v", out)
	}
	if out := take(t, s, device(carpel.PersonRef{UserID: "owner"}, true))[0]; out.Refused != nil {
		t.Fatalf("the owner's own: %v", out.Refused)
	}
	verified(t, s)
}
