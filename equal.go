package carpel

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Equal reports whether two values are equal as `is` means it: by their texts, without regard to case unless
// matchCase. Lists and objects are equal when their JSON is.
func Equal(a, b Value, matchCase bool) bool {
	if !a.IsSet() || !b.IsSet() {
		return false
	}
	if a.kind == Number && b.kind == Number {
		return CompareNumbers(a, b) == 0
	}
	if matchCase {
		return a.Text() == b.Text()
	}
	return strings.EqualFold(a.Text(), b.Text())
}

// Fold returns s with every rune replaced by the least of its Unicode simple folding orbit, so that two texts are
// equal without regard to case exactly when their folds are the same bytes. No normalisation, no trimming.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'a' <= c && c <= 'z' {
			return foldFrom(s, i)
		}
	}
	return s
}

// foldFrom folds s, whose first i bytes are folded already. There is no branch in the way of a letter: texts of mixed
// case cost no more than others.
func foldFrom(s string, i int) string {
	b, all := []byte(s), byte(0)
	for ; i < len(b); i++ {
		c := b[i]
		all |= c
		if c-'a' < 26 {
			c -= 'a' - 'A'
		}
		b[i] = c
	}
	if all >= utf8.RuneSelf {
		return strings.Map(foldRune, s)
	}
	return string(b)
}

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r // every other ASCII rune is the least of its orbit
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}
