package server_test

import (
	"testing"
)

// What was rejected of a person goes with them by whichever of their ids it came: by the API, by a call, and for a visitor
// whom nobody knows.
func TestErasureReachesRejected(t *testing.T) {
	s := open(t, nil)
	c, in := client{t, s, adminKey}, client{t, s, ""}
	visit := func(user, anonymous, token string) {
		in.take("/v1/identify", `{"userId":"`+user+`","anonymousId":"`+anonymous+`","traits":{"plan":"pro"}}`)
		in.take("/v1/track", `{"userId":"`+user+`","event":"Device Created or Updated","context":{"device":{"token":"`+token+`","type":"ios"}}}`)
		in.take("/v1/track", `{"anonymousId":"`+anonymous+`","event":"*"}`)
		in.take("/v1/track", `{"userId":"","event":"*","context":{"device":{"token":"`+token+`"}}}`)
	}
	rejected := func() int { return len(c.want(200, "GET /api/rejected?limit=100", nil).get("rejected").([]any)) }
	visit("ann", "a1", "t1")
	visit("bob", "b1", "t2")
	in.take("/v1/track", `{"anonymousId":"c1","event":"seen"}`)
	in.take("/v1/track", `{"anonymousId":"c1","event":"*"}`)
	before := rejected()
	if before < 5 {
		t.Fatalf("only %d are rejected", before)
	}
	of := (before - 1) / 2
	c.want(204, "DELETE /api/people/ann", nil)
	if n := rejected(); n != before-of {
		t.Errorf("%d of %d are left after the erasure of ann, want %d", n, before, before-of)
	}
	in.take("/v1/track", `{"userId":"bob","event":"User Deleted"}`)
	if n := rejected(); n != 1 {
		t.Errorf("%d are left after the erasure of bob, want the visitor's", n)
	}
	in.take("/v1/track", `{"anonymousId":"c1","event":"User Deleted"}`)
	if n := rejected(); n != 0 {
		t.Errorf("%d are left after the erasure of the visitor: %s", n, c.want(200, "GET /api/rejected?limit=100", nil).body)
	}
	if n := c.want(200, "GET /api/overview", nil).get("stats.anonymous"); n != 0.0 {
		t.Errorf("%v items of visitors wait", n)
	}
}
