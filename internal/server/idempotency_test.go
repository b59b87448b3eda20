package server_test

import (
	"testing"
)

// A kept answer is for the API key that got it, and holds no secret.
func TestAnswersAreKeptForOneKey(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	const body = `{"kind":"ak","name":"reader","scopes":["read"]}`
	first := c.want(201, "POST /api/keys", body, "Idempotency-Key", "k")
	secret, _ := first.get("secret").(string)
	if secret == "" {
		t.Fatalf("no secret in %s", first.body)
	}
	again := c.want(201, "POST /api/keys", body, "Idempotency-Key", "k")
	if again.get("id") != first.get("id") || again.get("secret") != "" {
		t.Errorf("the secret is shown again: %s", again.body)
	}
	reader := client{t, c.handler, secret}
	reader.want(403, "POST /api/keys", body, "Idempotency-Key", "k") // not the admin's answer
	reader.want(403, "POST /api/keys", body, "Idempotency-Key", "k2")
	c.want(201, "POST /api/keys", body, "Idempotency-Key", "k2") // not the reader's
}
