package openid_test

import (
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/openid"
)

// The flow itself is tried with a real provider and a real browser in test/sdk/openid.test.js.

func TestNew(t *testing.T) {
	for _, bad := range []openid.Config{{}, {Issuer: "accounts.example.com", ClientID: "x"}, {Issuer: "ftp://example.com", ClientID: "x"}, {Issuer: "https://example.com"}} {
		if _, err := openid.New(bad, nil); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	p, err := openid.New(openid.Config{Issuer: "https://accounts.example.com/realm", ClientID: "x"}, nil)
	if err != nil || p.Name() != "accounts.example.com" {
		t.Errorf("the provider is %v, %v", p, err)
	}
}

func TestParseAttempt(t *testing.T) {
	for _, bad := range []string{"", ".", "..", "a.b", "a.b.", "a..c", ".b.c", "a.b.c.d", strings.Repeat(".", 100)} {
		if a, ok := openid.ParseAttempt(bad); ok {
			t.Errorf("%q was read as %v", bad, a)
		}
	}
	if a, ok := openid.ParseAttempt("a.b.c"); !ok || a.String() != "a.b.c" {
		t.Errorf("read %v", a)
	}
}
