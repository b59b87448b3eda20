package imports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/carpel/carpel"
)

// rows reads a file row by row.
type rows interface {
	// Columns are the columns that the file's head names, in order; nil when it names none (NDJSON).
	Columns() []string
	// Next returns the next row and its raw text. The row is nil with an error: io.EOF at the end, a badRow for a row
	// behind which the file goes on, a *[carpel.Error] when it cannot be read on.
	Next() (row map[string]carpel.Value, raw string, err error)
	// Line is the line of the file on which the row last read begins, from 1; of a Parquet file the row's number.
	Line() int64
	// Offset is how many bytes of the file are read, about.
	Offset() int64
	io.Closer
}

// maxRecord bounds one row as it lies in the file, and so the memory that reading takes.
const maxRecord = carpel.MaxItem

// badRow is the fault of one row, behind which the file goes on.
type badRow struct{ fault *carpel.Error }

// Error is the fault's text.
func (b badRow) Error() string { return b.fault.Error() }

// Unwrap is the fault.
func (b badRow) Unwrap() error { return b.fault }

// isRowError reports whether the file goes on behind the fault.
func isRowError(err error) bool {
	var b badRow
	return errors.As(err, &b)
}

// tooLong is the fault of a row beyond maxRecord.
func tooLong(actual int64, hint string) badRow {
	return badRow{&carpel.Error{Code: carpel.CodeTooLarge, Limit: maxRecord, Actual: actual,
		Message: carpel.TooLarge("the row", actual, maxRecord) + hint}}
}

// openRows opens a file that we keep. A *[carpel.Error] tells what is wrong with its head.
func openRows(path, format string) (rows, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, carpel.Errorf(carpel.CodeGone, "the file is not here any more (a backup does not hold it): send it again")
	}
	if err != nil {
		return nil, fmt.Errorf("open import: %w", err)
	}
	var rs rows
	switch format {
	case "csv":
		rs, err = openCSV(f)
	case "ndjson":
		rs, err = openNDJSON(f), nil
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
