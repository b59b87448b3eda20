package imports

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/carpel/carpel"
)

// csvRows reads a CSV with a header. Cells are text; those that are plain decimals become numbers where nothing is
// lost by it (see typed).
//
// Records are cut out of the file by a scanner of our own, which knows no more than quotes and line ends, and then
// read by encoding/csv one by one: so a record that is too long, or that encoding/csv does not like, is passed over
// without keeping it, and the next one is read all the same.
type csvRows struct {
	file   *os.File
	in     *bufio.Reader
	comma  byte // between cells
	header []string
	offset int64
	record []byte // the record at hand; reused
	line   int64  // on which it begins
	lines  int64  // read
}

func openCSV(f *os.File) (*csvRows, error) {
	c := &csvRows{file: f, in: bufio.NewReaderSize(f, 64<<10)}
	if bom, err := c.in.Peek(3); err == nil && string(bom) == "\ufeff" {
		_, _ = c.in.Discard(3) // they are there: Peek showed them
		c.offset = 3
	}
	c.comma = c.guessComma()
	header, _, err := c.cells()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, carpel.Errorf(carpel.CodeInvalid, "the file has no header: its first line must name the columns")
		}
		return nil, carpel.Errorf(carpel.CodeInvalid, "the file has no readable header: %v", err)
	}
	if len(header) > carpel.MaxKeys {
		return nil, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxKeys, Actual: int64(len(header)), Message: "the file has too many columns"}
	}
	seen := map[string]bool{}
	for _, name := range header {
		if seen[name] {
			return nil, carpel.Errorf(carpel.CodeInvalid, "the column %.60q is there twice", name)
		}
		seen[name] = true
	}
	c.header = header
	return c, nil
}

// guessComma returns what separates the cells: of comma, semicolon and tab the one that the first line holds most.
func (c *csvRows) guessComma() byte {
	head, _ := c.in.Peek(4096) // less when the file is shorter
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		head = head[:i]
	}
	best := byte(',')
	for _, comma := range []byte{';', '\t'} {
		if bytes.Count(head, []byte{comma}) > bytes.Count(head, []byte{best}) {
			best = comma
		}
	}
	return best
}

// Columns implements rows.
func (c *csvRows) Columns() []string { return c.header }

// Next implements rows.
func (c *csvRows) Next() (map[string]carpel.Value, string, error) {
	cells, raw, err := c.cells()
	if err != nil {
		return nil, raw, err
	}
	if len(cells) != len(c.header) {
		return nil, raw, badRow{carpel.Errorf(carpel.CodeInvalid, "the row has %d cells, the header %d", len(cells), len(c.header))}
	}
	row := make(map[string]carpel.Value, len(cells))
	for i, cell := range cells {
		row[c.header[i]] = carpel.TextValue(cell)
	}
	return row, raw, nil
}

// cells reads the next record that is not blank.
func (c *csvRows) cells() (cells []string, raw string, err error) {
	for {
		if err := c.cut(); err != nil {
			return nil, "", err
		}
		if len(bytes.TrimSpace(c.record)) > 0 {
			break
		}
	}
	raw = strings.TrimRight(string(c.record), "\r\n")
	r := csv.NewReader(strings.NewReader(raw))
	r.Comma = rune(c.comma)
	cells, err = r.Read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return nil, raw, badRow{carpel.Errorf(carpel.CodeInvalid, "%v (at byte %d of line %d of the row)", bad.Err, bad.Column, bad.Line)}
	}
	if err != nil {
		return nil, raw, fmt.Errorf("read CSV: %w", err)
	}
	return cells, raw, nil
}

// The places of a CSV scanner within a record.
const (
	atCell    = iota // at the first byte of a cell
	inCell           // in a cell without quotes
	inQuotes         // between quotes
	quoteSeen        // behind a quote that ends the cell, or is the first of two
)

// cut reads the next record into c.record, its line end included. It keeps at most maxRecord bytes: of a longer record
// the rest is read and dropped, and a badRow returned. io.EOF when there is none.
func (c *csvRows) cut() error {
	c.record = c.record[:0]
	start := c.offset
	c.line = c.lines + 1
	place := atCell
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && c.offset > start {
				break
			}
			return err
		}
		c.offset++
		if b == '\n' {
			c.lines++
		}
		if len(c.record) <= maxRecord {
			c.record = append(c.record, b)
		}
		switch {
		case place == inQuotes:
			if b == '"' {
				place = quoteSeen
			}
		case b == '"' && (place == atCell || place == quoteSeen):
			place = inQuotes
		case b == c.comma:
			place = atCell
		case b == '\n':
			return c.fits(c.offset - start)
		default:
			place = inCell
		}
	}
	return c.fits(c.offset - start)
}

func (c *csvRows) fits(size int64) error {
	if len(c.record) > maxRecord {
		return tooLong(size, ": is a quote left open?")
	}
	return nil
}

// Line implements rows.
func (c *csvRows) Line() int64 { return c.line }

// Offset implements rows.
func (c *csvRows) Offset() int64 { return c.offset }

// Close implements rows.
func (c *csvRows) Close() error { return c.file.Close() }
