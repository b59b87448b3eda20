package enginetest

import (
	"regexp"
	"strings"
)

// expressions remembers compiled expressions by their source. Used by one goroutine.
type expressions map[string]*regexp.Regexp

func (e expressions) get(source string) *regexp.Regexp {
	if e[source] == nil {
		e[source] = regexp.MustCompile(source)
	}
	return e[source]
}

// alternatives translates a pattern into regular expressions, one for each alternative, without anchors; the flag
// says that the alternative begins with a literal slash.
func alternatives(pattern string) (sources []string, slash []bool) {
	runes := []rune(pattern)
	var b strings.Builder
	begins, first := false, true
	end := func() {
		sources, slash = append(sources, b.String()), append(slash, begins)
		b.Reset()
		begins, first = false, true
	}
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '|':
			end()
			continue
		case '*':
			b.WriteString(".*")
		case '+':
			b.WriteString(".+")
		case '\\':
			i++
			fallthrough
		default:
			if first && runes[i] == '/' {
				begins = true
			}
			b.WriteString(regexp.QuoteMeta(string(runes[i])))
		}
		first = false
	}
	end()
	return sources, slash
}

func flags(exact bool) string {
	if exact {
		return "(?s)"
	}
	return "(?is)"
}

// hasPart reports whether a part of the text fits the pattern.
func (e expressions) hasPart(pattern, text string, exact bool) bool {
	sources, _ := alternatives(pattern)
	for _, s := range sources {
		if e.get(flags(exact) + s).MatchString(text) {
			return true
		}
	}
	return false
}

// fitsWhole reports whether the whole text fits the pattern.
func (e expressions) fitsWhole(pattern, text string) bool {
	sources, _ := alternatives(pattern)
	for _, s := range sources {
		if e.get(flags(false) + `\A(?:` + s + `)\z`).MatchString(text) {
			return true
		}
	}
	return false
}

// fitsAddress reports whether an address fits: alternatives that begin with a slash are held against the path.
func (e expressions) fitsAddress(pattern, url string) bool {
	sources, slash := alternatives(pattern)
	for i, s := range sources {
		text := url
		if slash[i] {
			text = e.pathOf(url)
			if s != "/" {
				s = strings.TrimSuffix(s, "/") // one trailing slash does not count, in the pattern as in the path
			}
		}
		if e.get(flags(false) + `\A(?:` + s + `)\z`).MatchString(text) {
			return true
		}
	}
	return false
}

// pathOf returns the path of an address: after the host, before ? and #, without one trailing slash.
func (e expressions) pathOf(url string) string {
	m := e.get(`(?s)\A(?:[^:/?#]*://[^/?#]*)?([^?#]*)`).FindStringSubmatch(url)
	path := m[1]
	if path == "" && strings.Contains(url, "://") {
		path = "/"
	}
	if len(path) > 1 && strings.HasSuffix(path, "/") {
		path = path[:len(path)-1]
	}
	return path
}

// literal returns an expression that finds a text as it stands between two anchors.
func (e expressions) literal(before, text, behind string, exact bool) *regexp.Regexp {
	return e.get(flags(exact) + before + regexp.QuoteMeta(text) + behind)
}
