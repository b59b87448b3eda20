package render

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// methods are what a webhook may call.
var methods = []string{"POST", "PUT", "PATCH", "GET", "DELETE"}

func (t *Template) compileWebhook(c *carpel.WebhookContent) (err error) {
	if t.method = c.Method; t.method == "" {
		t.method = "POST"
	}
	if !slices.Contains(methods, t.method) {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/webhook/method", Message: fmt.Sprintf("%.20q is not one of %s", c.Method, strings.Join(methods, ", "))}
	}
	if err := checkTarget(c.URL); err != nil {
		return err
	}
	if t.url, err = t.plain("/webhook/url", c.URL); err != nil {
		return err
	}
	for name := range c.Headers {
		if !isToken(name) {
			return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/webhook/headers", Message: fmt.Sprintf("%.60q is no name of a header", name)}
		}
	}
	if err := t.compileNamed("/webhook/headers", c.Headers); err != nil {
		return err
	}
	t.isJSON = isJSON(c)
	t.payload, err = t.plain("/webhook/body", c.Body)
	return err
}

// checkTarget refuses an address whose host is not written out: what a person is must not decide who is told about them,
// with the headers' secrets.
func checkTarget(source string) error {
	fixed, _, _ := strings.Cut(source, "{")
	u, err := url.Parse(fixed)
	if err == nil && isWeb(fixed) && u.Host != "" && u.User == nil && (len(fixed) == len(source) || strings.ContainsAny(fixed[len("https://"):], "/?")) {
		return nil
	}
	return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/webhook/url", Message: "the address begins with https:// or http:// and a host, without variables: https://example.com/people/{{ customer.id | url_encode }}"}
}

// isToken reports whether a text is a name of a header.
func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c))
	}) < 0
}

// isJSON reports whether the body is meant to be JSON: its type says so, or there is no type and it looks so.
func isJSON(c *carpel.WebhookContent) bool {
	for name, value := range c.Headers {
		if strings.EqualFold(name, "Content-Type") {
			return strings.Contains(strings.ToLower(value), "json")
		}
	}
	body := strings.TrimSpace(c.Body)
	return strings.HasPrefix(body, "[") || strings.HasPrefix(body, "{") && !strings.HasPrefix(body, "{%") && !strings.HasPrefix(body, "{{")
}

func (t *Template) renderWebhook(r *run) (*carpel.WebhookMessage, error) {
	m := &carpel.WebhookMessage{Method: t.method}
	s, err := r.text(t.url)
	if err != nil {
		return nil, err
	}
	m.URL = strings.TrimSpace(s)
	if _, err := url.Parse(m.URL); err != nil || strings.ContainsFunc(m.URL, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: t.url.pointer, Message: "this is not an address once its variables are filled in: put | url_encode behind them"}
	}
	for _, n := range t.named {
		s, err := r.text(n.value)
		if err != nil {
			return nil, err
		}
		if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: n.value.pointer, Message: "a header holds a line break once its variables are filled in"}
		}
		if m.Headers == nil {
			m.Headers = map[string]string{}
		}
		m.Headers[n.name] = s
	}
	body, err := r.bytes(t.payload)
	if err != nil {
		return nil, err
	}
	if t.isJSON && !json.Valid(body) {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: t.payload.pointer, Message: `the body is not JSON once its variables are filled in: write values as {{ customer.first_name | json }}, without quotes around them`}
	}
	m.Body = slices.Clone(body)
	return m, nil
}
