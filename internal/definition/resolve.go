package definition

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/carpel/carpel"
)

// plainKind is what a plain scalar turned out to be.
type plainKind int

const (
	plainText  plainKind = iota // a text
	plainOther                  // null, a boolean or a number, given as JSON
	notFinite                   // an infinity, not a number, or beyond a float64
)

// resolve reads a plain scalar by the core schema of YAML 1.2 (section 10.3.2) and returns its JSON.
func resolve(s string) (string, plainKind) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return "null", plainOther
	case "true", "True", "TRUE":
		return "true", plainOther
	case "false", "False", "FALSE":
		return "false", plainOther
	case ".nan", ".NaN", ".NAN":
		return "", notFinite
	}
	switch strings.TrimLeft(s, "+-") {
	case ".inf", ".Inf", ".INF":
		if len(s) <= len("-.inf") {
			return "", notFinite
		}
	}
	if !strings.ContainsAny(s[:1], "+-.0123456789") {
		return "", plainText
	}
	number, ok := jsonNumber(s)
	if !ok {
		return "", plainText
	}
	if _, ok := carpel.ParseNumber(number); !ok {
		return "", notFinite
	}
	return number, plainOther
}

var coreNumber = regexp.MustCompile(`^([-+]?)([0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)

// jsonNumber writes a number of the core schema as JSON does, digit by digit.
func jsonNumber(s string) (string, bool) {
	for _, base := range []struct {
		prefix, digits string
		base           int
	}{{"0o", "01234567", 8}, {"0x", "0123456789abcdefABCDEF", 16}} {
		if rest, ok := strings.CutPrefix(s, base.prefix); ok {
			if rest == "" || strings.Trim(rest, base.digits) != "" {
				return "", false
			}
			if len(rest) > 400 { // beyond a float64, and slow to write out
				return "1e400", true
			}
			n, ok := new(big.Int).SetString(rest, base.base)
			return n.String(), ok
		}
	}
	m := coreNumber.FindStringSubmatch(s)
	if m == nil || m[2] == "" && len(m[3]) < 2 {
		return "", false
	}
	sign, whole, fraction, exponent := strings.TrimPrefix(m[1], "+"), strings.TrimLeft(m[2], "0"), m[3], m[4]
	if whole == "" {
		whole = "0"
	}
	if fraction == "." {
		fraction = ""
	}
	return sign + whole + fraction + exponent, true
}
