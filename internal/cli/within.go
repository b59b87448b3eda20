package cli

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// within reads the number of a setting with the tag type:"within" and refuses one that is outside of its tag range:"1..10",
// wherever it comes from: the command line, the environment or the settings file.
func within(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("number", &text); err != nil {
		return err
	}
	low, high, _ := strings.Cut(ctx.Value.Tag.Get("range"), "..")
	if target.Kind() == reflect.Float64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= parsed(low) && n <= parsed(high)) { // also not a number
			return fmt.Errorf("must be a number from %s to %s, not %.40q", grouped(low), grouped(high), text)
		}
		target.SetFloat(n)
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || float64(n) < parsed(low) || float64(n) > parsed(high) {
		return fmt.Errorf("must be a whole number from %s to %s, not %.40q", grouped(low), grouped(high), text)
	}
	target.SetInt(n)
	return nil
}

// parsed is a bound of a range.
func parsed(bound string) float64 {
	n, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		panic("cli: the range of a setting has the bound " + strconv.Quote(bound))
	}
	return n
}

// grouped writes a bound as people read it.
func grouped(bound string) string { return number(int64(parsed(bound))) }
