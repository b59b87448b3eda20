package imports

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/carpel/carpel"
)

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

// maxScale bounds the places behind the point of a decimal: computing with the two thousand million that a file may
// tell would never end.
const maxScale = 1000

// parquetColumn is how the values of a column are read.
type parquetColumn struct {
	name    string
	unit    time.Duration // of a timestamp; 0: none
	date    bool          // days since 1970
	decimal bool
	scale   int // of a decimal: digits behind the point
	uuid    bool
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
		c := columnOf(field)
		if c.scale < 0 || c.scale > maxScale {
			return nil, &carpel.Error{Code: carpel.CodeLimit, Limit: maxScale, Actual: int64(c.scale), Message: fmt.Sprintf("the column %.60q has decimals of too many places", field.Name())}
		}
		p.columns = append(p.columns, c)
	}
	if len(p.columns) > carpel.MaxKeys {
		return nil, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxKeys, Actual: int64(len(p.columns)), Message: "the file has too many columns"}
	}
	p.in = parquet.NewReader(pf)
	return p, nil
}

func columnOf(field parquet.Field) parquetColumn {
	c := parquetColumn{name: field.Name()}
	logical := field.Type().LogicalType()
	if logical == nil {
		return c
	}
	switch l := logical.Value.(type) {
	case *format.TimestampType:
		c.unit = time.Millisecond
		if l.Unit.Value != nil {
			c.unit = l.Unit.Value.Duration()
		}
	case *format.DateType:
		c.date = true
	case *format.DecimalType:
		c.decimal, c.scale = true, int(l.Scale)
	case *format.UUIDType:
		c.uuid = true
	}
	return c
}

// Columns implements rows.
func (p *parquetRows) Columns() []string {
	names := make([]string, len(p.columns))
	for i, c := range p.columns {
		names[i] = c.name
	}
	return names
}

// Next implements rows.
func (p *parquetRows) Next() (row map[string]carpel.Value, raw string, err error) {
	defer func() {
		if x := recover(); x != nil {
			row, raw, err = nil, "", p.damaged(x)
		}
	}()
	n, err := p.in.ReadRows(p.buf)
	if n == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, "", io.EOF
		}
		return nil, "", p.damaged(err)
	}
	p.read++
	row = make(map[string]carpel.Value, len(p.columns))
	var text strings.Builder
	var fault *carpel.Error
	size := 0
	for _, v := range p.buf[0] {
		c := p.columns[v.Column()]
		value, bad := c.value(v)
		if bad != nil {
			fault = bad
			continue
		}
		row[c.name] = value
		size += len(value.Text())
		if text.Len() < keepRaw {
			fmt.Fprintf(&text, "%s=%.1000s ", c.name, value.Text())
		}
	}
	raw = strings.TrimSpace(text.String())
	if size > maxRecord {
		return nil, raw, tooLong(int64(size), "")
	}
	if fault != nil {
		return nil, raw, badRow{fault}
	}
	return row, raw, nil
}

func (p *parquetRows) damaged(what any) error {
	return carpel.Errorf(carpel.CodeInvalid, "the Parquet file is damaged behind row %d: %v", p.read, what)
}

// value turns a Parquet value into ours.
func (c parquetColumn) value(v parquet.Value) (carpel.Value, *carpel.Error) {
	if v.IsNull() {
		return carpel.Value{}, nil
	}
	switch v.Kind() {
	case parquet.Boolean:
		return carpel.BoolValue(v.Boolean()), nil
	case parquet.Int32:
		return c.integer(int64(v.Int32())), nil
	case parquet.Int64:
		return c.integer(v.Int64()), nil
	case parquet.Int96: // nanoseconds of a Julian day, as older writers have timestamps
		x := v.Int96()
		const epoch = 2_440_588 // Julian day of 1970-01-01
		at := time.Unix((int64(x[2])-epoch)*86_400, int64(x[1])<<32|int64(x[0]))
		return timeText(carpel.MillisOf(at)), nil
	case parquet.Float, parquet.Double:
		x := fmt.Sprint(v.Double())
		if v.Kind() == parquet.Float {
			x = fmt.Sprint(v.Float()) // its own digits: 0.1, not 0.10000000149
		}
		n, ok := carpel.ParseNumber(x)
		if !ok {
			return n, carpel.Errorf(carpel.CodeNumberRange, "the column %.60q holds no finite number", c.name)
		}
		return n, nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return c.bytes(v.ByteArray()), nil
	}
	return carpel.Value{}, carpel.Errorf(carpel.CodeInvalid, "the column %.60q has a type that is not taken: %s", c.name, v.Kind())
}

// integer reads a number, or what it stands for.
func (c parquetColumn) integer(n int64) carpel.Value {
	switch {
	case c.unit != 0:
		return timeText(carpel.Millis(n / int64(time.Millisecond/c.unit)))
	case c.date:
		return carpel.TextValue(carpel.DateOf(carpel.Millis(n*86_400_000), time.UTC).String())
	case c.decimal:
		return decimal(big.NewInt(n), c.scale)
	}
	x, _ := carpel.ParseNumber(fmt.Sprint(n)) // an integer always parses
	return x
}

// bytes reads a text, or what it stands for.
func (c parquetColumn) bytes(b []byte) carpel.Value {
	switch {
	case c.decimal: // two's complement, the highest byte first
		n := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return decimal(n, c.scale)
	case c.uuid && len(b) == 16:
		h := hex.EncodeToString(b)
		return carpel.TextValue(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
	}
	return carpel.TextValue(string(b))
}

// decimal is n with scale digits behind the point.
func decimal(n *big.Int, scale int) carpel.Value {
	text := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	if v, ok := carpel.ParseNumber(text); ok {
		return v
	}
	return carpel.TextValue(text)
}

func timeText(m carpel.Millis) carpel.Value { return carpel.TextValue(m.String()) }

// Line implements rows.
func (p *parquetRows) Line() int64 { return p.read }

// Offset implements rows.
func (p *parquetRows) Offset() int64 {
	if p.total == 0 {
		return p.size
	}
	return p.size * p.read / p.total
}

// Close implements rows.
func (p *parquetRows) Close() error { return errors.Join(p.in.Close(), p.file.Close()) }
