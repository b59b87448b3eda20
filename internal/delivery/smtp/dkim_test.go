package smtp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/carpel/carpel/internal/delivery/smtp"
)

// python is Debian's, with what a test needs of it. make tools installs it.
func python(t testing.TB, module string) string {
	t.Helper()
	const path = "/usr/bin/python3"
	if err := exec.Command(path, "-c", "import "+module).Run(); err != nil {
		t.Skipf("the Python package %s is not installed: make tools", module)
	}
	return path
}

// signedMessage is one with a signature of RSA and one of Ed25519, and the records that their keys are known by.
func signedMessage(t testing.TB) ([]byte, map[string]string) {
	t.Helper()
	secrets, err := smtp.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	s := newSink(t, nil)
	c := channel(t, s.roots, s.port, map[string]any{"dkim_domain": "example.com", "dkim_selector": "s1"}, secrets)
	records := map[string]string{}
	for _, k := range c.Keys() {
		name, text, err := k.Record()
		if err != nil {
			t.Fatal(err)
		}
		records[name] = text
	}
	if got := slices.Sorted(maps.Keys(records)); !slices.Equal(got, []string{"s1-ed._domainkey.example.com", "s1._domainkey.example.com"}) {
		t.Fatal(got)
	}
	m := email("abc")
	m.Email.ReplyTo = "Help <help@example.com>"
	m.Email.Subject = "Grüße " + strings.Repeat("lang ", 40)
	m.Email.Text = "a\n\n.b  \n trailing \t \n\n\n\n"
	c.Send(t.Context(), m)
	if all := s.messages(); len(all) == 1 {
		return []byte(all[0].raw), records // as it arrived
	}
	t.Fatal("it did not arrive")
	return nil, nil
}

// TestDKIM: both signatures are right for another implementation than the one that makes them, over every header that a
// receiver goes by, one-click unsubscribe's above all; and a change of any of them, of the body, or a second From, breaks
// both.
func TestDKIM(t *testing.T) {
	python3 := python(t, "dkim, nacl")
	raw, records := signedMessage(t)
	verify := func(raw []byte) (answers []struct {
		Right  bool
		Covers []string
	}) {
		t.Helper()
		ask, err := json.Marshal(map[string]any{"message": string(raw), "keys": records})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(python3, "testdata/verify.py")
		cmd.Stdin = bytes.NewReader(ask)
		out, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v: %s", err, exit.Stderr)
		}
		if err = errors.Join(err, json.Unmarshal(out, &answers)); err != nil || len(answers) != 2 {
			t.Fatalf("%v: %s", err, out)
		}
		return answers
	}
	for i, a := range verify(raw) {
		if !a.Right {
			t.Errorf("signature %d: %v\n%s", i, a.Covers, raw)
		}
		for _, name := range []string{"from", "to", "reply-to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "mime-version", "content-type"} {
			if !slices.Contains(a.Covers, name) {
				t.Errorf("signature %d does not cover %s: %v", i, name, a.Covers)
			}
		}
	}
	for old, changed := range map[string]string{"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click": "", "<https://mail.example.com/u/abc>": "<https://evil.example/>", "\r\nTo: ann@": "\r\nTo: bob@",
		"\r\nFrom: ": "\r\nFrom: evil@example.com\r\nFrom: ", "<b>Ann</b>": "<b>Bob</b>", "\r\nDate: Tue, 24": "\r\nDate: Tue, 25"} {
		tampered := bytes.Replace(raw, []byte(old), []byte(changed), 1)
		if bytes.Equal(tampered, raw) {
			t.Fatalf("%q is not there", old)
		}
		for i, a := range verify(tampered) {
			if a.Right {
				t.Errorf("signature %d is right with %q for %q", i, changed, old)
			}
		}
	}
}

// TestDKIMLibrary verifies with the library that signs, which needs nothing else installed.
func TestDKIMLibrary(t *testing.T) {
	raw, records := signedMessage(t)
	all, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil }})
	if err != nil || len(all) != 2 || all[0].Err != nil || all[1].Err != nil {
		t.Errorf("%+v, %v", all, err)
	}
}
