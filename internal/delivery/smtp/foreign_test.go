package smtp_test

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/smtp"
)

// TestForeignServer sends to a mail server that shares no code with this one: Python's aiosmtpd.
func TestForeignServer(t *testing.T) {
	python3 := python(t, "aiosmtpd")
	cert, roots := certificate(t)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python3, "testdata/sink.py", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("it does not start")
	}
	port, err := strconv.Atoi(lines.Text())
	if err != nil {
		t.Fatal(err)
	}
	c := channel(t, roots, port, map[string]any{"username": "carpel", "return_path": "bounces.example.com"}, map[string]string{smtp.Password: "geheim ✓"})
	if err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		to    string
		want  delivery.Result
		after time.Duration
	}{{"ann@example.org", delivery.Accepted, 0}, {"nobody@example.org", delivery.Bounced, 0}, {"later@example.org", delivery.Deferred, time.Minute}, {"用户@例え.jp", delivery.Accepted, 0}} {
		m := email("abc")
		m.Email.To = row.to
		m.Email.Text = ".\n..\nend"
		if o := c.Send(t.Context(), m); o.Result != row.want || o.RetryAfter != row.after {
			t.Errorf("%s: %+v", row.to, o)
			continue
		} else if o.Result != delivery.Accepted {
			continue
		}
		var got struct {
			From, Message, Hello string
			To                   []string
		}
		if !lines.Scan() {
			t.Fatal("it ended")
		}
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		h, parts := parse(t, []byte(got.Message))
		if got.From != "bounce+abc@bounces.example.com" || got.Hello != "example.com" || !slices.Equal(got.To, []string{strings.Replace(row.to, "例え.jp", "xn--r8jz45g.jp", 1)}) || h.Get("Subject") != "Hello Ann" || parts["text/plain"] != ".\r\n..\r\nend" {
			t.Errorf("%+v: %v, %q", got, h, parts)
		}
	}
	bad := channel(t, roots, port, map[string]any{"username": "carpel"}, map[string]string{smtp.Password: "x"})
	if o := bad.Send(t.Context(), email("abc")); o.Result != delivery.Failed {
		t.Errorf("a wrong password: %+v", o)
	}
}
