package imports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// jsonSpace is what RFC 8259 lets stand around a value, and nothing else.
const jsonSpace = " \t\r\n"

// ndjsonRows reads one JSON object a line; blank lines are passed over.
type ndjsonRows struct {
	file   *os.File
	in     *bufio.Reader
	offset int64
	line   int64
}

func openNDJSON(f *os.File) *ndjsonRows {
	n := &ndjsonRows{file: f, in: bufio.NewReaderSize(f, maxRecord+1)}
	if bom, err := n.in.Peek(3); err == nil && string(bom) == "\ufeff" {
		_, _ = n.in.Discard(3) // they are there: Peek showed them
		n.offset = 3
	}
	return n
}

// Columns implements rows: the lines name their own.
func (n *ndjsonRows) Columns() []string { return nil }

// Next implements rows.
func (n *ndjsonRows) Next() (map[string]carpel.Value, string, error) {
	for {
		line, err := n.in.ReadSlice('\n')
		n.offset += int64(len(line))
		n.line++
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, "", n.skipLine(int64(len(line)))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, "", fmt.Errorf("read NDJSON: %w", err)
		}
		text := bytes.Trim(line, jsonSpace)
		if len(text) == 0 {
			if err != nil {
				return nil, "", io.EOF
			}
			continue
		}
		raw := string(text)
		v, fault := objectOf(text)
		if fault != nil {
			return nil, raw, badRow{fault}
		}
		return v, raw, nil
	}
}

// skipLine drops the rest of a line that is too long.
func (n *ndjsonRows) skipLine(size int64) error {
	for {
		more, err := n.in.ReadSlice('\n')
		n.offset += int64(len(more))
		size += int64(len(more))
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read NDJSON: %w", err)
		}
		return tooLong(size, "")
	}
}

// objectOf reads a line.
func objectOf(text []byte) (map[string]carpel.Value, *carpel.Error) {
	if !utf8.Valid(text) {
		return nil, carpel.Errorf(carpel.CodeEncoding, "the line is not UTF-8")
	}
	if !json.Valid(text) {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the line is no JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if fault := checkJSON(dec, 1); fault != nil {
		return nil, fault
	}
	v, err := carpel.JSONValue(text)
	if err != nil {
		return nil, carpel.Errorf(carpel.ErrorCode(err), "%v", err)
	}
	if v.Kind() != carpel.Object {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the line is a %s; it must be an object", v.Kind())
	}
	return v.Fields(), nil
}

// checkJSON walks over one value of valid JSON and refuses what encoding/json lets pass: too deep, the same key twice,
// too many keys.
func checkJSON(dec *json.Decoder, depth int) *carpel.Error {
	if depth > carpel.MaxDepth {
		return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxDepth, Actual: int64(depth), Message: "the JSON is nested too deep"}
	}
	t, err := dec.Token()
	if err != nil {
		return carpel.Errorf(carpel.CodeInvalid, "the line is no JSON")
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return carpel.Errorf(carpel.CodeInvalid, "the line is no JSON")
			}
			name := key.(string) // of an object's key the decoder makes nothing else
			if seen[name] {
				return carpel.Errorf(carpel.CodeDuplicateKey, "the key %.60q is there twice", name)
			}
			if seen[name] = true; len(seen) > carpel.MaxKeys {
				return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxKeys, Actual: int64(len(seen)), Message: "an object has too many keys"}
			}
		}
		if fault := checkJSON(dec, depth+1); fault != nil {
			return fault
		}
	}
	_, _ = dec.Token() // the closing bracket: the JSON is valid
	return nil
}

// Line implements rows.
func (n *ndjsonRows) Line() int64 { return n.line }

// Offset implements rows.
func (n *ndjsonRows) Offset() int64 { return n.offset }

// Close implements rows.
func (n *ndjsonRows) Close() error { return n.file.Close() }
