// Package definition reads and writes definitions, and files that hold one, as YAML.
//
// The YAML is that of version 1.2 with its core schema and nothing more: null, true and false, decimal, octal (0o17)
// and hexadecimal (0xff) numbers are what they are; everything else is text. So 2026-03-01 is a text, and yes, no and
// on are. What means one thing to one reader and another to the next is refused instead: duplicate keys, anchors,
// aliases, tags, merge keys, more than one document.
package definition

import (
	"fmt"

	"github.com/carpel/carpel"
)

// The limits of a YAML file. A definition of the deepest nesting lies well within MaxDepth.
const (
	MaxBytes = 1 << 20 // bytes of a file
	MaxDepth = 64      // nesting of lists and mappings
)

// place is a line and a column, both from 1, and the JSON pointer of the value there.
type place struct {
	line, column int
	pointer      string
}

// fault returns an error that says where it is.
func (p place) fault(code, format string, args ...any) *carpel.Error {
	message := fmt.Sprintf(format, args...)
	if p.line > 0 {
		message = fmt.Sprintf("line %d, column %d: %s", p.line, p.column, message)
	}
	return &carpel.Error{Code: code, Pointer: p.pointer, Message: message}
}
