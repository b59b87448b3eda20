package carpel

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func mustPattern(t testing.TB, src string, matchCase bool) *Pattern {
	t.Helper()
	p, err := CompilePattern(src, matchCase)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

func TestPatternContains(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"gmail.com|yahoo.com", "ana@GMAIL.com", true},
		{"gmail.com|yahoo.com", "ana@yahoo.com.br", true},
		{"gmail.com|yahoo.com", "ana@proton.me", false},
		{"gmail.com | yahoo.com", "ana@gmail.com", false}, // blanks count
		{"a*c", "xabbbcx", true},
		{"a*c", "xacx", true},
		{"a+c", "xacx", false},
		{"a+c", "xabcx", true},
		{"a+c", "xaccx", true},
		{"a++c", "abc", false},
		{"a++c", "abbc", true},
		{"a*+*c", "abc", true},
		{"+a", "a", false},
		{"+a", "xa", true},
		{"+a", "aa", true},
		{"a+", "a", false},
		{"a+", "ax", true},
		{"+", "", false},
		{"+", "x", true},
		{"*", "", true},
		{`1\+1`, "1+1=2", true},
		{`1\+1`, "1x1", false},
		{`a\|b`, "a|b", true},
		{`a\*b`, "a*b", true},
		{`a\*b`, "axb", false},
		{`a\\b`, `a\b`, true},
		{`\a`, "a", true},
		{"/a/", "x/a/y", true}, // no path rule in contains
		{"/a/", "x/a", false},
		{"é+é", "éüé", true},
		{"é+é", "éé", false},
		{"Straße", "STRASSE", false},
		{"STRASSE", "strasse", true},
		{"ΣΑΣ", "σας", true},
		{"\u212a", "K", true},
		{"a*b*c", "cba abc", true},
		{"ab*ba", "aba", false},
		{"ab*ba", "abba", true},
	} {
		if got := mustPattern(t, tc.pattern, false).Contains(tc.text); got != tc.want {
			t.Errorf("%q contains %q: got %v", tc.text, tc.pattern, got)
		}
	}
	if mustPattern(t, "Pro", true).Contains("pro") || !mustPattern(t, "Pro", true).Contains("a Pro b") {
		t.Error("match_case does not make contains exact")
	}
}

func TestPatternFits(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"home", "Home", true},
		{"home", "home page", false},
		{"home*", "home page", true},
		{"*page", "home page", true},
		{"h*p*", "home page", true},
		{"home|about", "about", true},
		{"home|about", "about us", false},
		{"*", "", true},
		{"+", "", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a+a", "aa", false},
		{"a*ab", "aab", true},
		{"/a/", "/a/", true},
		{"/a/", "/a", false}, // a screen's name is no path
	} {
		if got := mustPattern(t, tc.pattern, false).Fits(tc.text); got != tc.want {
			t.Errorf("%q fits %q: got %v", tc.text, tc.pattern, got)
		}
	}
}

func TestPatternFitsURL(t *testing.T) {
	for _, tc := range []struct {
		pattern, url string
		want         bool
	}{
		{"/pricing*", "https://acme.com/pricing", true},
		{"/pricing*", "https://acme.com/pricing/teams?x=1#y", true},
		{"/pricing*", "https://acme.com/docs/pricing", false},
		{"/pricing", "https://acme.com/pricing/", true},
		{"/pricing/", "https://acme.com/pricing", true},
		{"/pricing/", "https://acme.com/pricing/", true},
		{"/pricing", "https://acme.com/pricing//", false},
		{"/pricing", "https://acme.com/Pricing?a=/b", true},
		{"/pricing", "/pricing#top", true},
		{"/", "https://acme.com", true},
		{"/", "https://acme.com/", true},
		{"/", "https://acme.com?x=/y", true},
		{"/", "https://acme.com/x", false},
		{"/*", "https://acme.com", true},
		{"/docs/*", "https://acme.com/docs/", false}, // the path is /docs
		{"/docs/*", "https://acme.com/docs/a", true},
		{`\/docs`, "https://acme.com/docs", true},
		{"https://acme.com/docs/*|https://acme.com/help/*", "https://acme.com/help/x", true},
		{"https://acme.com/docs/*|https://acme.com/help/*", "https://acme.com/blog/x", false},
		{"*checkout*", "https://acme.com/shop?step=checkout", true},
		{"*checkout", "https://acme.com/checkout/", false}, // the whole address counts, with its slash
		{"/a|*b", "https://acme.com/x?b", true},
		{"/a", "Home", false},
		{"home", "Home", true},
		{"/a?x=1", "https://acme.com/a?x=1", false}, // ? is no wildcard, and the path has none
		{"/redirect*", "/redirect?to=https://acme.com/x", true},
	} {
		if got := mustPattern(t, tc.pattern, false).FitsURL(tc.url); got != tc.want {
			t.Errorf("%q fits %q: got %v", tc.url, tc.pattern, got)
		}
	}
}

func TestPatternRefuses(t *testing.T) {
	for src, message := range map[string]string{"": "empty alternative", "a||b": "empty alternative", "|a": "empty alternative", "a|": "empty alternative", `a\`: `ends with \`, `\`: `ends with \`} {
		_, err := CompilePattern(src, false)
		if ErrorCode(err) != CodeInvalid || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: got %v", src, err)
		}
	}
	_, err := CompilePattern(strings.Repeat("é", 501), false)
	if e, ok := err.(*Error); !ok || e.Code != CodeLimit || e.Limit != 1000 || e.Actual != 1002 {
		t.Errorf("got %v", err)
	}
	if _, err := CompilePattern(strings.Repeat("a", 1000), false); err != nil {
		t.Error(err)
	}
}

func TestEscapePattern(t *testing.T) {
	for _, s := range []string{"a+b@gmail.com", `a|b*c\d`, "plain", "é*"} {
		p := mustPattern(t, EscapePattern(s), true)
		if !p.Fits(s) || p.HasWildcardPlus() || p.Fits(s+"x") {
			t.Errorf("%q escaped is %q", s, EscapePattern(s))
		}
	}
}

func TestCompileMatch(t *testing.T) {
	for _, tc := range []struct {
		expr, text string
		matchCase  bool
		want       bool
	}{
		{"^pro", "PROFI", false, true},
		{"^pro", "PROFI", true, false},
		{`a.c\b`, "xx abc", false, true},
		{`\Qa.c`, "A.C", false, true},
		{`\Qa.c`, "abc", false, false},
		{"a|b", "xB", false, true},
		{"(?-i)a", "A", false, false},
	} {
		re, err := CompileMatch(tc.expr, tc.matchCase)
		if err != nil {
			t.Fatal(err)
		}
		if re.MatchString(tc.text) != tc.want {
			t.Errorf("%q matches %q: got %v", tc.text, tc.expr, !tc.want)
		}
	}
	for _, expr := range []string{"", "a(", "a)(b", "*a", `a\`, "a{1001}", "(?=a)", `(a)\1`, strings.Repeat("a", 1001)} {
		if _, err := CompileMatch(expr, false); err == nil || ErrorCode(err) == CodeInternal {
			t.Errorf("%q: got %v", expr, err)
		}
	}
}

// slowFit is the obvious matcher: it tries every way.
func slowFit(pattern, text []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch {
	case pattern[0] == '*':
		return slowFit(pattern[1:], text) || len(text) > 0 && slowFit(pattern, text[1:])
	case pattern[0] == '+':
		return len(text) > 0 && (slowFit(pattern[1:], text[1:]) || slowFit(pattern, text[1:]))
	case pattern[0] == '\\':
		pattern = pattern[1:]
	}
	return len(text) > 0 && Fold(string(pattern[0])) == Fold(string(text[0])) && slowFit(pattern[1:], text[1:])
}

// slowAlternatives splits a pattern at its unescaped bars.
func slowAlternatives(src string) []string {
	return regexp.MustCompile(`(?s)(?:[^|\\]|\\.)+`).FindAllString(src, -1)
}

func FuzzPattern(f *testing.F) {
	for _, s := range [][2]string{{"a*b", "aab"}, {"+a+", "xax"}, {`a\*|b`, "a*"}, {"*a*b*c", "abcabc"}, {"/a/", "https://x/a/?q"}, {"ß|ſ", "S"}, {"é*a", "a"}, {"ab*ba", "aba"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, src, text string) {
		if len(src) > 12 || len(text) > 14 || !utf8.ValidString(src) || !utf8.ValidString(text) {
			return
		}
		p, err := CompilePattern(src, false)
		if err != nil {
			if ErrorCode(err) == CodeInternal {
				t.Fatal(err)
			}
			return
		}
		fits, contains := false, false
		for _, alt := range slowAlternatives(src) {
			fits = fits || slowFit([]rune(alt), []rune(text))
			contains = contains || slowFit([]rune("*"+alt+"*"), []rune(text))
		}
		if p.Fits(text) != fits || p.Contains(text) != contains {
			t.Fatalf("%q and %q: fits %v, wanted %v; contains %v, wanted %v", src, text, p.Fits(text), fits, p.Contains(text), contains)
		}
		p.FitsURL(text)
	})
}

// adversarial are patterns that make a matcher that goes back over the text slow.
func adversarial() map[string][2]string {
	as := strings.Repeat("a", 1<<16)
	return map[string][2]string{
		"stars":        {strings.Repeat("a*", 400) + "b", as},
		"pluses":       {strings.Repeat("+", 900) + "b", as},
		"long piece":   {"*" + strings.Repeat("a", 900) + "b*", as},
		"short pieces": {strings.Repeat("*aab", 200) + "c", strings.Repeat("aab", 1<<14)},
		"alternatives": {strings.Repeat("*b|", 300) + "c", as},
		"two ends":     {"a*a*a*a*a*a*a*b", as},
	}
}

// TestPatternIsLinear compares a text with one of sixteen times its length: the time may grow by that, not by its
// square.
func TestPatternIsLinear(t *testing.T) {
	for name, pt := range adversarial() {
		p := mustPattern(t, pt[0], true)
		least := func(text string) time.Duration {
			best := time.Hour
			for range 5 {
				start := time.Now()
				if p.Fits(text) || p.Contains(text+"x") && name == "stars" {
					t.Fatalf("%s: a match", name)
				}
				best = min(best, time.Since(start))
			}
			return best
		}
		short, long := least(pt[1][:len(pt[1])/16]), least(pt[1])
		if long > 80*short+time.Millisecond {
			t.Errorf("%s: %v for a sixteenth of the text, %v for all of it", name, short, long)
		}
	}
}

func TestAlternativesSplit(t *testing.T) {
	if diff := cmp.Diff([]string{"a", `b\|c`, `\\`}, slowAlternatives(`a|b\|c|\\`)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkPattern(b *testing.B) {
	for name, pt := range adversarial() {
		b.Run(name, func(b *testing.B) {
			p := mustPattern(b, pt[0], false)
			b.SetBytes(int64(len(pt[1])))
			for b.Loop() {
				p.Fits(pt[1])
				p.Contains(pt[1])
			}
		})
	}
	b.Run("email", func(b *testing.B) {
		p := mustPattern(b, "gmail.com|yahoo.com", false)
		for b.Loop() {
			p.Contains("someone.with.a.long.name@example.org")
		}
	})
	b.Run("url", func(b *testing.B) {
		p := mustPattern(b, "/pricing*", false)
		for b.Loop() {
			p.FitsURL("https://www.acme.com/pricing/teams?utm_source=x")
		}
	})
}
