package compat

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"github.com/carpel/carpel"
)

// TestGate holds that what is over a bound is refused, and that what leaves makes room.
func TestGate(t *testing.T) {
	g := newGate(2)
	first, err := g.enter()
	if err != nil {
		t.Fatal(err)
	}
	second, err := g.enter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.enter(); err == nil || err.Code != carpel.CodeOverloaded || err.Limit != 2 || statusOf(err) != 429 {
		t.Errorf("one too many: %v", err)
	}
	second.leave()
	second.leave() // leaving twice makes no more room
	if second, err = g.enter(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.enter(); err == nil {
		t.Error("leaving twice made room for two")
	}
	for range maxBodies {
		if err := first.hold(carpel.MaxBody); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.hold(1); err == nil || err.Code != carpel.CodeOverloaded || statusOf(err) != 429 {
		t.Errorf("one byte too many: %v", err)
	}
	first.leave()
	if err := second.hold(1); err != nil {
		t.Error(err)
	}
	second.leave()
	if g.bytes.Load() != 0 || g.requests.Load() != 0 {
		t.Errorf("%d bytes and %d requests stay", g.bytes.Load(), g.requests.Load())
	}
}

// TestGateCountsWhatWasRead holds that small bodies in large buffers, left from earlier requests, do not fill the gate.
func TestGateCountsWhatWasRead(t *testing.T) {
	const requests = 200
	g := newGate(requests)
	for i := range requests {
		v, refused := g.enter()
		if refused != nil {
			t.Fatal(refused)
		}
		b, err := readBody(httptest.NewRecorder(), httptest.NewRequest("POST", "/", bytes.NewReader([]byte("{}"))), v, make([]byte, 0, keptBuffer))
		if err != nil || string(b) != "{}" {
			t.Fatalf("request %d: %q, %v", i, b, err)
		}
	}
	if n := g.bytes.Load(); n != 2*requests {
		t.Errorf("%d bytes are counted", n)
	}
}

// TestReadBody holds that a body without a length is bounded while it is read, and that one that breaks off is refused.
func TestReadBody(t *testing.T) {
	read := func(body io.Reader) (int, error) {
		v, refused := newGate(1).enter()
		if refused != nil {
			t.Fatal(refused)
		}
		b, err := readBody(httptest.NewRecorder(), httptest.NewRequest("POST", "/", body), v, nil)
		return len(b), err
	}
	endless := io.LimitReader(iotest.OneByteReader(bytes.NewReader(make([]byte, 100))), 100)
	if n, err := read(endless); err != nil || n != 100 {
		t.Errorf("%d bytes, %v", n, err)
	}
	_, err := read(io.MultiReader(bytes.NewReader(make([]byte, carpel.MaxBody)), bytes.NewReader([]byte{1})))
	if carpel.ErrorCode(err) != carpel.CodeTooLarge {
		t.Errorf("one byte too many: %v", err)
	}
	if n, err := read(io.MultiReader(bytes.NewReader(make([]byte, carpel.MaxBody)))); err != nil || n != carpel.MaxBody {
		t.Errorf("as large as may be: %d bytes, %v", n, err)
	}
	if _, err := read(iotest.ErrReader(errors.New("gone"))); carpel.ErrorCode(err) != carpel.CodeInvalid {
		t.Errorf("broken off: %v", err)
	}
}

// TestBasicAuth holds both alphabets of base64, padded or not.
func TestBasicAuth(t *testing.T) {
	const user, password = "s~>?ite", "k??~~"
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		for _, scheme := range []string{"Basic ", "basic "} {
			u, p, ok := BasicAuth(scheme + enc.EncodeToString([]byte(user+":"+password)))
			if !ok || u != user || p != password {
				t.Errorf("%q %q %v", u, p, ok)
			}
		}
	}
	for _, header := range []string{"", "Basic", "Basic %", "Bearer abc", "Basic " + base64.StdEncoding.EncodeToString([]byte("no colon"))} {
		if _, _, ok := BasicAuth(header); ok {
			t.Errorf("%q was taken", header)
		}
	}
}
