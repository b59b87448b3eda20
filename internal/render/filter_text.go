package render

import (
	"encoding/base64"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// simple makes a filter of a function that makes a text at most three times as long.
func simple(f func(string) string) filter {
	return byText(0, func(r *run, s string, _ []string) (any, error) {
		if err := r.grow(3 * len(s)); err != nil {
			return nil, err
		}
		return f(s), nil
	})
}

var textFilters = map[string]filter{
	"append":         byText(1, func(r *run, s string, a []string) (any, error) { return r.concat(s, a[0]) }),
	"prepend":        byText(1, func(r *run, s string, a []string) (any, error) { return r.concat(a[0], s) }),
	"capitalize":     simple(capitalize),
	"downcase":       simple(strings.ToLower),
	"upcase":         simple(strings.ToUpper),
	"strip":          simple(strings.TrimSpace),
	"lstrip":         simple(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
	"rstrip":         simple(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }),
	"strip_newlines": simple(func(s string) string { return strings.NewReplacer("\r\n", "", "\n", "", "\r", "").Replace(s) }),
	"url_encode":     simple(url.QueryEscape),
	"base64_encode":  simple(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	"url_decode": byText(0, func(_ *run, s string, _ []string) (any, error) {
		s, err := url.QueryUnescape(s)
		return strings.ToValidUTF8(s, "\uFFFD"), err
	}),
	"handleize":     simple(handle),
	"handle":        simple(handle),
	"remove":        byText(1, func(r *run, s string, a []string) (any, error) { return r.replace(s, a[0], "", -1) }),
	"remove_first":  byText(1, func(r *run, s string, a []string) (any, error) { return r.replace(s, a[0], "", 1) }),
	"remove_last":   byText(1, func(r *run, s string, a []string) (any, error) { return r.replaceLast(s, a[0], "") }),
	"replace":       byText(1, func(r *run, s string, a []string) (any, error) { return r.replace(s, a[0], second(a), -1) }),
	"replace_first": byText(1, func(r *run, s string, a []string) (any, error) { return r.replace(s, a[0], second(a), 1) }),
	"replace_last":  byText(1, func(r *run, s string, a []string) (any, error) { return r.replaceLast(s, a[0], second(a)) }),
	"split":         byText(1, split),
	"slice":         slice,
	"truncate": func(r *run, in any, a arguments) (any, error) {
		s, err := r.str(in)
		if err != nil {
			return nil, err
		}
		dots, err := a.text(1, "...")
		if err != nil {
			return nil, err
		}
		all, n := []rune(s), a.number(0, 50)
		if len(all) <= n {
			return s, nil
		}
		return r.concat(string(all[:max(0, n-utf8.RuneCountInString(dots))]), dots)
	},
	"truncatewords": func(r *run, in any, a arguments) (any, error) {
		s, err := r.str(in)
		if err != nil {
			return nil, err
		}
		dots, err := a.text(1, "...")
		if err != nil {
			return nil, err
		}
		words, n := strings.Fields(s), max(1, a.number(0, 15))
		if len(words) <= n {
			return s, nil
		}
		return r.concat(strings.Join(words[:n], " "), dots)
	},
	"pluralize": func(_ *run, in any, a arguments) (any, error) {
		if len(a.list) < 2 {
			return nil, errValue
		}
		if n, ok := number(in); ok && n == 1 {
			return a.list[0], nil
		}
		return a.list[1], nil
	},
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + strings.ToLower(s[n:])
}

func second(a []string) string {
	if len(a) > 1 {
		return a[1]
	}
	return ""
}

func (r *run) concat(a, b string) (any, error) {
	if err := r.grow(len(a) + len(b)); err != nil {
		return nil, err
	}
	return a + b, nil
}

// replace replaces the first n, or of -1 all, once it is known how long that gets.
func (r *run) replace(s, old, with string, n int) (any, error) {
	times := strings.Count(s, old)
	if n >= 0 {
		times = min(times, n)
	}
	if err := r.grow(len(s) + times*max(0, len(with)-len(old))); err != nil {
		return nil, err
	}
	return strings.Replace(s, old, with, n), nil
}

func (r *run) replaceLast(s, old, with string) (any, error) {
	i := strings.LastIndex(s, old)
	if i < 0 {
		return s, nil
	}
	return r.concat(s[:i]+with, s[i+len(old):])
}

func split(r *run, s string, a []string) (any, error) {
	if err := r.grow(16*(strings.Count(s, a[0])+1) + len(s)); err != nil {
		return nil, err
	}
	parts := strings.Split(s, a[0])
	if a[0] == " " {
		parts = strings.Fields(s)
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" { // as Liquid does
		parts = parts[:len(parts)-1]
	}
	return r.listOf(parts), nil
}

// slice takes a part of a text or a list: from where, behind the end if negative, and how many, one if left out.
func slice(r *run, in any, a arguments) (any, error) {
	if s, ok := plain(in).(string); ok {
		all := []rune(s)
		from, to := part(len(all), a)
		return string(all[from:to]), nil
	}
	list, err := r.list(in)
	if err != nil {
		return nil, err
	}
	from, to := part(len(list), a)
	return list[from:to:to], nil
}

func part(length int, a arguments) (from, to int) {
	from = a.number(0, 0)
	if from < 0 {
		from += length
	}
	from = min(max(from, 0), length)
	return from, min(from+max(a.number(1, 1), 0), length)
}

// handle makes small letters, digits and hyphens of a text.
func handle(s string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(s) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// markupFilters know that what they return is HTML. In plain text there is no HTML, so they change nothing there that a
// reader would see.
var markupFilters = map[string]filter{
	"raw": func(r *run, in any, _ arguments) (any, error) {
		s, err := r.str(in)
		return markup(s), err
	},
	"escape": byText(0, func(r *run, s string, _ []string) (any, error) { return r.escaped(s) }),
	"escape_once": byText(0, func(r *run, s string, _ []string) (any, error) {
		return r.escaped(html.UnescapeString(s))
	}),
	"newline_to_br": func(r *run, in any, _ arguments) (any, error) {
		s, err := r.str(in)
		if err != nil || r.flat {
			return s, err
		}
		if _, isMarkup := in.(markup); !isMarkup {
			m, err := r.escaped(s)
			if err != nil {
				return nil, err
			}
			s = string(m.(markup))
		}
		br, err := r.replace(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "<br>\n", -1)
		if err != nil {
			return nil, err
		}
		return markup(br.(string)), nil
	},
	"strip_html": byText(0, func(r *run, s string, _ []string) (any, error) { return r.flatten(s) }),
}

// escaped is a text as HTML.
func (r *run) escaped(s string) (any, error) {
	if r.flat {
		return s, nil
	}
	if err := r.grow(len(s) + 5*strings.Count(s, "&") + 5*strings.Count(s, "<") + 5*strings.Count(s, ">") + 5*strings.Count(s, `"`) + 5*strings.Count(s, "'")); err != nil {
		return nil, err
	}
	return markup(html.EscapeString(s)), nil
}
