package compat

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"

	"github.com/carpel/carpel"
)

// TestReadBody holds that a body without a length is bounded while it is read, and that one that breaks off is refused.
func TestReadBody(t *testing.T) {
	read := func(body io.Reader) (int, error) {
		v, refused := newGate(1, time.Now).enter()
		if refused != nil {
			t.Fatal(refused)
		}
		if refused := v.of("w"); refused != nil {
			t.Fatal(refused)
		}
		b, err := readBody(httptest.NewRequest("POST", "/", body), v, nil)
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
