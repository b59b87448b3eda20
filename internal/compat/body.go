package compat

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/carpel/carpel"
)

// freeRatio is how much may come out of a compressed body before its ratio is looked at.
const freeRatio = 64 << 10

// readBody reads a request's body, decompressed when it is gzip, and stops as soon as it passes a limit.
func readBody(r *http.Request, v *visit, buf []byte) ([]byte, error) {
	if r.ContentLength > carpel.MaxBody {
		return buf, bodyTooLarge(r.ContentLength)
	}
	raw := &countedReader{r: r.Body}
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return readAll(raw, raw, v, buf)
	case "gzip", "x-gzip":
		zip, err := gzip.NewReader(raw)
		if errors.Is(err, io.EOF) && raw.n == 0 {
			return buf, nil // no body at all
		}
		if err != nil {
			return buf, unreadable(err)
		}
		return readAll(zip, raw, v, buf)
	default:
		return buf, carpel.Errorf(carpel.CodeInvalid, "the content encoding %.20q is not known; a body is plain or gzip", encoding)
	}
}

// countedReader counts what was read.
type countedReader struct {
	r io.Reader
	n int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func readAll(in io.Reader, raw *countedReader, v *visit, buf []byte) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(max(4096, 2*cap(buf)), carpel.MaxBody+4096))
			copy(grown, buf)
			buf = grown
		}
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		// What was read counts, not the buffer, which may be left from a larger body.
		if overloaded := v.hold(n); overloaded != nil {
			return buf, overloaded
		}
		if len(buf) > carpel.MaxBody {
			return buf, bodyTooLarge(int64(len(buf)))
		}
		if len(buf) > freeRatio && int64(len(buf)) > carpel.MaxCompressionRatio*raw.n {
			return buf, &carpel.Error{Code: carpel.CodeTooLarge, Limit: carpel.MaxCompressionRatio, Actual: int64(len(buf)) / max(1, raw.n),
				Message: fmt.Sprintf("the body is compressed more than %d:1", carpel.MaxCompressionRatio)}
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, unreadable(err)
		}
	}
}

// unreadable is the refusal of a body that cannot be read to its end.
func unreadable(err error) *carpel.Error {
	return carpel.Errorf(carpel.CodeInvalid, "the body cannot be read: %v", err)
}

func bodyTooLarge(size int64) *carpel.Error {
	return &carpel.Error{Code: carpel.CodeTooLarge, Limit: carpel.MaxBody, Actual: size,
		Message: "the body is larger than " + carpel.Bytes(carpel.MaxBody)}
}
