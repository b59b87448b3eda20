package imports

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/carpel/carpel"
)

// rows reads a file row by row.
type rows interface {
	// Next returns the next row and its raw text. The row is nil with an error: io.EOF at the end, a *[carpel.Error]
	// for a bad row. isRowError tells whether the next row can be read all the same.
	Next() (row map[string]carpel.Value, raw string, err error)
	// Offset is how many bytes of the file are read, about.
	Offset() int64
	io.Closer
}

// maxRecord bounds one row as it lies in the file.
const maxRecord = 1 << 20

// badRow is the fault of one row, behind which the file goes on.
type badRow struct{ *carpel.Error }

func (b badRow) Unwrap() error { return b.Error }

// isRowError reports whether the file goes on behind the fault.
func isRowError(err error) bool {
	var b badRow
	return errors.As(err, &b)
}

// openRows opens a file that we keep. A *[carpel.Error] tells what is wrong with its head.
func openRows(path, format string) (rows, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open import: %w", err)
	}
	var rs rows
	switch format {
	case "csv":
		rs, err = openCSV(f)
	case "ndjson":
		rs = &ndjsonRows{file: f, in: bufio.NewReaderSize(f, maxRecord)}
	case "parquet":
		rs, err = openParquet(f)
	default:
		err = &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/format", Message: fmt.Sprintf("%.20q is no format; there are csv, ndjson and parquet", format)}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return rs, nil
}

// csvRows reads a CSV with a header. Cells are text; those that are plain decimals become numbers where nothing is
// lost by it (see typed).
type csvRows struct {
	file   *os.File
	limit  *recordLimit
	in     *csv.Reader
	header []string
}

// recordLimit keeps one record from filling the memory: reading fails when more than maxRecord bytes, and what the
// reader above buffers, were asked for since the last record.
type recordLimit struct {
	r    io.Reader
	left int64
}

var errRecord = errors.New("record too long")

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errRecord
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

func (l *recordLimit) reset() { l.left = maxRecord + 8192 }

func openCSV(f *os.File) (*csvRows, error) {
	head := bufio.NewReader(f)
	if bom, err := head.Peek(3); err == nil && string(bom) == "\ufeff" {
		_, _ = head.Discard(3) // they are there: Peek showed them
	}
	limit := &recordLimit{r: head}
	limit.reset()
	c := &csvRows{file: f, limit: limit, in: csv.NewReader(limit)}
	c.in.ReuseRecord = true
	c.in.FieldsPerRecord = -1
	header, err := c.in.Read()
	if err != nil {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the file has no readable header: %v", err)
	}
	seen := map[string]bool{}
	for _, name := range header {
		if seen[name] {
			return nil, carpel.Errorf(carpel.CodeInvalid, "the column %.60q is there twice", name)
		}
		seen[name] = true
		c.header = append(c.header, strings.Clone(name))
	}
	return c, nil
}

func (c *csvRows) Next() (map[string]carpel.Value, string, error) {
	c.limit.reset()
	cells, err := c.in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, "", io.EOF
	case errors.Is(err, errRecord):
		return nil, "", &carpel.Error{Code: carpel.CodeLimit, Limit: maxRecord, Message: "a row is longer than 1 MiB: is a quote left open?"}
	case errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote):
		return nil, strings.Join(cells, ","), badRow{carpel.Errorf(carpel.CodeInvalid, "%v", err)}
	case err != nil:
		return nil, "", fmt.Errorf("read CSV: %w", err)
	}
	raw := strings.Join(cells, ",")
	if len(cells) != len(c.header) {
		return nil, raw, badRow{carpel.Errorf(carpel.CodeInvalid, "the row has %d cells, the header %d", len(cells), len(c.header))}
	}
	row := make(map[string]carpel.Value, len(cells))
	for i, cell := range cells {
		row[c.header[i]] = typed(strings.Clone(cell))
	}
	return row, raw, nil
}

func (c *csvRows) Offset() int64 { return c.in.InputOffset() }
func (c *csvRows) Close() error  { return c.file.Close() }

// ndjsonRows reads one JSON object a line; blank lines are passed over.
type ndjsonRows struct {
	file   *os.File
	in     *bufio.Reader
	offset int64
}

func (n *ndjsonRows) Next() (map[string]carpel.Value, string, error) {
	for {
		line, err := n.in.ReadSlice('\n')
		n.offset += int64(len(line))
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, "", &carpel.Error{Code: carpel.CodeLimit, Limit: maxRecord, Message: "a line is longer than 1 MiB"}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, "", fmt.Errorf("read NDJSON: %w", err)
		}
		text := bytes.TrimSpace(line)
		if len(text) == 0 {
			if err != nil {
				return nil, "", io.EOF
			}
			continue
		}
		raw := string(text)
		v, err := objectOf(text)
		if err != nil {
			return nil, raw, badRow{err.(*carpel.Error)}
		}
		return v, raw, nil
	}
}

// objectOf reads a line. Its error is a *[carpel.Error].
func objectOf(text []byte) (map[string]carpel.Value, error) {
	if !json.Valid(text) {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the line is no JSON")
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

func (n *ndjsonRows) Offset() int64 { return n.offset }
func (n *ndjsonRows) Close() error  { return n.file.Close() }

// parquetRows reads a Parquet file of flat columns.
type parquetRows struct {
	file    *os.File
	in      *parquet.Reader
	columns []parquetColumn
	buf     []parquet.Row
	total   int64
	read    int64
	size    int64
}

type parquetColumn struct {
	name string
	toMS int64 // divides (negative: multiplies) a timestamp to milliseconds; 0: no timestamp
	date bool  // days since 1970
}

func openParquet(f *os.File) (rs *parquetRows, err error) {
	defer func() {
		// The library panics on some damaged files.
		if p := recover(); p != nil {
			rs, err = nil, carpel.Errorf(carpel.CodeInvalid, "the file is no readable Parquet: %v", p)
		}
	}()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	pf, err := parquet.OpenFile(f, st.Size())
	if err != nil {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the file is no readable Parquet: %v", err)
	}
	p := &parquetRows{file: f, total: pf.NumRows(), size: st.Size(), buf: make([]parquet.Row, 1)}
	for _, field := range pf.Schema().Fields() {
		if !field.Leaf() || field.Repeated() {
			return nil, carpel.Errorf(carpel.CodeInvalid, "the column %.60q is nested; only flat columns are taken", field.Name())
		}
		p.columns = append(p.columns, columnOf(field))
	}
	p.in = parquet.NewReader(pf)
	return p, nil
}

func columnOf(field parquet.Field) parquetColumn {
	c := parquetColumn{name: field.Name()}
	if logical := field.Type().LogicalType(); logical != nil {
		switch {
		case logical.Timestamp != nil && logical.Timestamp.Unit.Millis != nil:
			c.toMS = 1
		case logical.Timestamp != nil && logical.Timestamp.Unit.Micros != nil:
			c.toMS = 1000
		case logical.Timestamp != nil:
			c.toMS = 1_000_000
		case logical.Date != nil:
			c.date = true
		}
	}
	return c
}

func (p *parquetRows) Next() (row map[string]carpel.Value, raw string, err error) {
	defer func() {
		if x := recover(); x != nil {
			row, raw, err = nil, "", carpel.Errorf(carpel.CodeInvalid, "the Parquet file is damaged behind row %d: %v", p.read, x)
		}
	}()
	n, err := p.in.ReadRows(p.buf)
	if n == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, "", io.EOF
		}
		return nil, "", carpel.Errorf(carpel.CodeInvalid, "the Parquet file is damaged behind row %d: %v", p.read, err)
	}
	p.read++
	row = make(map[string]carpel.Value, len(p.columns))
	var text strings.Builder
	for _, v := range p.buf[0] {
		c := p.columns[v.Column()]
		value, err := c.value(v)
		if err != nil {
			return nil, text.String(), badRow{err}
		}
		row[c.name] = value
		fmt.Fprintf(&text, "%s=%s ", c.name, value.Text())
	}
	return row, strings.TrimSpace(text.String()), nil
}

// value turns a Parquet value into ours.
func (c parquetColumn) value(v parquet.Value) (carpel.Value, *carpel.Error) {
	if v.IsNull() {
		return carpel.Value{}, nil
	}
	switch v.Kind() {
	case parquet.Boolean:
		return carpel.BoolValue(v.Boolean()), nil
	case parquet.Int32, parquet.Int64:
		n := v.Int64()
		if v.Kind() == parquet.Int32 {
			n = int64(v.Int32())
		}
		switch {
		case c.toMS != 0:
			return carpel.TextValue(carpel.Millis(n / c.toMS).String()), nil
		case c.date:
			return carpel.TextValue(carpel.DateOf(carpel.Millis(n*86_400_000), time.UTC).String()), nil
		}
		x, _ := carpel.ParseNumber(fmt.Sprint(n)) // an integer always parses
		return x, nil
	case parquet.Float, parquet.Double:
		x, err := carpel.ValueOf(v.Double())
		if v.Kind() == parquet.Float {
			x, err = carpel.ValueOf(float64(v.Float()))
		}
		if err != nil {
			return x, carpel.Errorf(carpel.CodeNumberRange, "the column %.60q holds no finite number", c.name)
		}
		return x, nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return carpel.TextValue(string(v.ByteArray())), nil
	}
	return carpel.Value{}, carpel.Errorf(carpel.CodeInvalid, "the column %.60q has a type that is not taken: %s", c.name, v.Kind())
}

func (p *parquetRows) Offset() int64 {
	if p.total == 0 {
		return p.size
	}
	return p.size * p.read / p.total
}

func (p *parquetRows) Close() error { return errors.Join(p.in.Close(), p.file.Close()) }
