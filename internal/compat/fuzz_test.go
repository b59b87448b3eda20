package compat

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/carpel/carpel"
)

// FuzzBody holds what is read of a body against the standard way, and shows that no more is held in memory than a body
// may have, whatever it unpacks to.
func FuzzBody(f *testing.F) {
	pack := func(plain []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(plain)
		w.Close()
		return b.Bytes()
	}
	f.Add([]byte(`{"batch":[]}`), "")
	f.Add(pack([]byte(`{"batch":[]}`)), "gzip")
	f.Add(pack(make([]byte, 1<<20)), "gzip")
	f.Add(append(pack([]byte("a")), pack([]byte("b"))...), "x-gzip")
	f.Add(pack([]byte("cut off"))[:12], " GZIP ")
	f.Add([]byte{}, "gzip")
	f.Add([]byte("x"), "br")
	f.Fuzz(func(t *testing.T, sent []byte, encoding string) {
		g := newGate(1, time.Now)
		v, refused := g.enter()
		if refused != nil {
			t.Fatal(refused)
		}
		if refused := v.of("w"); refused != nil {
			t.Fatal(refused)
		}
		r := httptest.NewRequest("POST", "/", bytes.NewReader(sent))
		r.Header["Content-Encoding"] = []string{encoding}
		got, err := readBody(r, v, nil)
		if cap(got) > carpel.MaxBody+4096 || g.all.bytes != int64(len(got)) {
			t.Fatalf("%d bytes are held in %d, %d of them counted", len(got), cap(got), g.all.bytes)
		}
		if v.leave(); g.all.bytes != 0 {
			t.Fatal("bytes stay counted")
		}
		if len(got) > freeRatio+2*cap(got)/3 && int64(len(got)) > carpel.MaxCompressionRatio*int64(len(sent)) && err == nil {
			t.Fatalf("%d bytes of %d were taken", len(got), len(sent))
		}
		if err != nil {
			if code := carpel.ErrorCode(err); code != carpel.CodeInvalid && code != carpel.CodeTooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		want := sent
		if packed, err := gzip.NewReader(bytes.NewReader(sent)); len(sent) > 0 && encoding != "" && err == nil && r.Header.Get("Content-Encoding") != "identity" {
			if want, err = io.ReadAll(packed); err != nil {
				t.Fatalf("taken, and it cannot be unpacked: %v", err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("read %q, want %q", got, want)
		}
	})
}

// FuzzBasicAuth shows that whatever user and password a client writes is read as such, and that nothing else breaks.
func FuzzBasicAuth(f *testing.F) {
	f.Add("sk_test", "")
	f.Add("site", "key:with:colons")
	f.Add("Basic ", "\xff\xfe?>")
	f.Fuzz(func(t *testing.T, user, password string) {
		BasicAuth(user) // may refuse, may not panic
		plain := []byte(user + ":" + password)
		for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			u, p, ok := BasicAuth("basic " + alphabet.EncodeToString(plain))
			if !ok || u+":"+p != string(plain) {
				t.Fatalf("%q and %q are read as %q and %q, %v", user, password, u, p, ok)
			}
		}
	})
}
