package carpel_test

import (
	"testing"

	"github.com/carpel/carpel"
)

// TestDeliveryID is the same for the same delivery, whatever its variant, and another for every other.
func TestDeliveryID(t *testing.T) {
	base := carpel.Origin{Kind: carpel.FromCampaign, ID: "cmp_1", Version: 2, Step: "s1", Variant: "a", Occurrence: "j1"}
	with := func(edit func(o *carpel.Origin)) carpel.Origin {
		o := base
		edit(&o)
		return o
	}
	id := carpel.DeliveryID("ws_1", "p_1", base)
	if other := carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.Variant = "b" })); other != id {
		t.Errorf("another variant to the same person would go out as well: %s, %s", id, other)
	}
	seen := map[string]string{id: "base"}
	for name, other := range map[string]string{
		"workspace":  carpel.DeliveryID("ws_2", "p_1", base),
		"person":     carpel.DeliveryID("ws_1", "p_2", base),
		"kind":       carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.Kind = carpel.FromBroadcast })),
		"origin":     carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.ID = "cmp_2" })),
		"version":    carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.Version = 3 })),
		"step":       carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.Step = "s2" })),
		"occurrence": carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.Occurrence = "j2" })),
		"moved":      carpel.DeliveryID("ws_1", "p_1", with(func(o *carpel.Origin) { o.ID, o.Step = "cmp_1s", "1" })),
	} {
		if twin, ok := seen[other]; ok {
			t.Errorf("%s and %s have the same id", name, twin)
		}
		seen[other] = name
	}
}
