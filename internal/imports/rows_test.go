package imports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/carpel/carpel"
)

// keepFile writes a file for openRows.
func keepFile(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readAll reads a file to its end: a good row as "line name=value …" in the order of the columns, a bad one as
// "line code".
func readAll(t *testing.T, format string, content []byte) []string {
	t.Helper()
	rs, err := openRows(keepFile(t, content), format)
	if err != nil {
		return []string{"head: " + carpel.ErrorCode(err)}
	}
	defer rs.Close()
	var got []string
	for {
		row, _, err := rs.Next()
		switch {
		case errors.Is(err, io.EOF):
			if n := rs.Offset(); n != int64(len(content)) {
				t.Errorf("Offset() = %d at the end of %d bytes", n, len(content))
			}
			return got
		case isRowError(err):
			got = append(got, fmt.Sprintf("%d %s", rs.Line(), carpel.ErrorCode(err)))
			continue
		case err != nil:
			return append(got, "fatal: "+carpel.ErrorCode(err))
		}
		line := fmt.Sprint(rs.Line())
		columns := rs.Columns()
		if columns == nil {
			for name := range row {
				columns = append(columns, name)
			}
		}
		for _, c := range columns {
			line += fmt.Sprintf(" %s=%s", c, row[c].Text())
		}
		got = append(got, line)
	}
}

func TestRows(t *testing.T) {
	long := strings.Repeat("x", maxRecord)
	for _, c := range []struct {
		name, format, content string
		want                  []string
	}{
		{"plain", "csv", "id,plan\n1,pro\n2,free\n", []string{"2 id=1 plan=pro", "3 id=2 plan=free"}},
		{"byte order mark", "csv", "\ufeffid,plan\n1,pro\n", []string{"2 id=1 plan=pro"}},
		{"CRLF, no last line end", "csv", "id,plan\r\n1,pro", []string{"2 id=1 plan=pro"}},
		{"semicolons", "csv", "id;plan\n1;a,b\n", []string{"2 id=1 plan=a,b"}},
		{"tabs", "csv", "id\tplan\n1\tpro\n", []string{"2 id=1 plan=pro"}},
		{"blank lines", "csv", "id\n\n1\n\n \n2\n", []string{"3 id=1", "6 id=2"}},
		{"quotes over lines", "csv", "id,note\n1,\"a\n\"\"b\"\"\"\n2,c\n", []string{"2 id=1 note=a\n\"b\"", "4 id=2 note=c"}},
		{"ragged", "csv", "id,plan\n1\n2,pro,x\n3,free\n", []string{"2 invalid", "3 invalid", "4 id=3 plan=free"}},
		{"a bare quote spoils its row only", "csv", "id,plan\n1,a\"b\n2,\"a\"b\n3,c\n", []string{"2 invalid", "3 invalid", "4 id=3 plan=c"}},
		{"an open quote takes what follows", "csv", "id\n\"1\n2\n", []string{"2 invalid"}},
		{"too long, then good", "csv", "id,note\n1," + long + "\n2,ok\n", []string{"2 too_large", "3 id=2 note=ok"}},
		{"empty file", "csv", "\n\n", []string{"head: invalid"}},
		{"a column twice", "csv", "id,id\n", []string{"head: invalid"}},
		{"a header too long", "csv", long + "x\n", []string{"head: invalid"}},

		{"lines", "ndjson", "{\"id\":1}\n\n  {\"id\":\"007\"}", []string{"1 id=1", "3 id=007"}},
		{"no object", "ndjson", "[1]\n7\n{\"id\":1}\n", []string{"1 invalid", "2 invalid", "3 id=1"}},
		{"no JSON", "ndjson", "{\"id\":\n{\"id\":1}\n", []string{"1 invalid", "2 id=1"}},
		{"a key twice", "ndjson", `{"id":1,"x":{"a":1,"a":2}}`, []string{"1 duplicate_key"}},
		{"too deep", "ndjson", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), []string{"1 limit"}},
		{"a number no float holds", "ndjson", `{"id":1e400}`, []string{"1 number_range"}},
		{"not UTF-8", "ndjson", "{\"id\":\"\xff\"}", []string{"1 encoding"}},
		{"a line too long, then good", "ndjson", `{"id":"` + long + long + "\"}\n{\"id\":2}\n", []string{"1 too_large", "2 id=2"}},

		{"no format", "xls", "", []string{"head: invalid"}},
		{"no Parquet", "parquet", "PAR1 nothing of the kind PAR1", []string{"head: invalid"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, readAll(t, c.format, []byte(c.content))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// endless is a CSV with one cell that has no end for size bytes.
type endless struct {
	head io.Reader
	size int64
	tail io.Reader
}

func (e *endless) Read(p []byte) (int, error) {
	if n, err := e.head.Read(p); err == nil {
		return n, nil
	}
	if e.size > 0 {
		n := int(min(int64(len(p)), e.size))
		for i := range p[:n] {
			p[i] = 'x'
		}
		e.size -= int64(n)
		return n, nil
	}
	return e.tail.Read(p)
}

// A cell of a gigabyte is passed over in bounded memory, and the row behind it is read.
func TestHugeCell(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() {
		size = 1 << 26
	}
	path := filepath.Join(t.TempDir(), "huge.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, &endless{strings.NewReader("id,note\n1,\""), size, strings.NewReader("\"\n2,ok\n")})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	rs, err := openRows(path, "csv")
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Close()
	before := heapBytes()
	_, _, nextErr := rs.Next()
	if grown := heapBytes() - before; grown > 1<<20 {
		t.Errorf("reading a cell of %d bytes allocated %d bytes", size, grown)
	}
	if !isRowError(nextErr) || carpel.ErrorCode(nextErr) != carpel.CodeTooLarge {
		t.Fatalf("the row is not refused as too large: %v", nextErr)
	}
	if row, _, err := rs.Next(); err != nil || row["id"].Text() != "2" {
		t.Errorf("the row behind is %v, %v", row, err)
	}
}

// A file that tells of decimals with endless places is refused, not computed with.
func TestParquetScale(t *testing.T) {
	var b bytes.Buffer
	schema := parquet.NewSchema("r", parquet.Group{"price": parquet.Decimal(2_000_000_000, 2_000_000_001, parquet.FixedLenByteArrayType(16))})
	w := parquet.NewGenericWriter[map[string]any](&b, schema)
	if _, err := w.Write([]map[string]any{{"price": bytes.Repeat([]byte{1}, 16)}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if rs, err := openRows(keepFile(t, b.Bytes()), "parquet"); carpel.ErrorCode(err) != carpel.CodeLimit {
		t.Errorf("opened %v, %v", rs, err)
	}
}

func TestParquet(t *testing.T) {
	type record struct {
		ID      string    `parquet:"id"`
		Age     *int32    `parquet:"age,optional"`
		Score   float32   `parquet:"score"`
		Active  bool      `parquet:"active"`
		At      time.Time `parquet:"at,timestamp(microsecond)"`
		Day     int32     `parquet:"day,date"`
		Price   int64     `parquet:"price,decimal(2:10)"`
		Session [16]byte  `parquet:"session,uuid"`
	}
	age := int32(42)
	at := time.Date(2026, 3, 1, 12, 30, 0, 5e6, time.UTC)
	var b bytes.Buffer
	w := parquet.NewGenericWriter[record](&b)
	if _, err := w.Write([]record{
		{"a", &age, 0.1, true, at, 20_513, -1050, [16]byte{0x12, 15: 0xff}},
		{ID: "b", Price: 7, At: time.UnixMilli(0)},
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 id=a age=42 score=0.1 active=true at=2026-03-01T12:30:00.005Z day=2026-03-01 price=-10.5 session=12000000-0000-0000-0000-0000000000ff",
		"2 id=b age= score=0 active=false at=1970-01-01T00:00:00Z day=1970-01-01 price=0.07 session=00000000-0000-0000-0000-000000000000",
	}
	if diff := cmp.Diff(want, readAll(t, "parquet", b.Bytes())); diff != "" {
		t.Error(diff)
	}
	// Damage anywhere is an error or a value, never a panic, and never an endless loop.
	for i := 4; i < b.Len()-4; i += 7 {
		damaged := bytes.Clone(b.Bytes())
		damaged[i] ^= 0x5a
		rs, err := openRows(keepFile(t, damaged), "parquet")
		if err != nil {
			continue
		}
		for range 10 {
			if _, _, err := rs.Next(); err != nil && !isRowError(err) {
				break
			}
		}
		rs.Close()
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("id,plan\n1,pro\n")
	f.Add("\ufeffid;note\r\n1;\"a\n\"\"b\"\"\"\n2;c\"\n")
	f.Fuzz(func(t *testing.T, content string) {
		rs, err := openRows(keepFile(t, []byte(content)), "csv")
		if err != nil {
			return
		}
		defer rs.Close()
		for range len(content) + 1 {
			row, _, err := rs.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && len(row) != len(rs.Columns()) {
				t.Fatalf("a row of %d cells under a header of %d", len(row), len(rs.Columns()))
			}
		}
		t.Fatal("more rows than bytes")
	})
}
