package carpel

import (
	"fmt"
	"strconv"
)

// Bytes writes a size as people read it, and to the byte: 150 bytes, 64 KiB (65,536 bytes), 4.2 MiB (4,404,020 bytes).
func Bytes(n int64) string {
	exact := grouped(n) + " bytes"
	if n == 1 {
		exact = "1 byte"
	}
	for _, u := range [...]struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		switch {
		case n >= u.bytes && n%u.bytes == 0:
			return fmt.Sprintf("%s %s (%s)", grouped(n/u.bytes), u.name, exact)
		case n >= 10*u.bytes || n >= u.bytes && u.bytes > 1<<10:
			return fmt.Sprintf("%.1f %s (%s)", float64(n)/float64(u.bytes), u.name, exact)
		}
	}
	return exact
}

// TooLarge says of something that it has more bytes than it may have.
func TooLarge(what string, actual, limit int64) string {
	return fmt.Sprintf("%s has %s; it may have %s", what, Bytes(actual), Bytes(limit))
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
