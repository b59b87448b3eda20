package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// maxNamed is how many data of a push message, or headers of a webhook, there may be.
const maxNamed = 100

func (t *Template) compilePush(c *carpel.PushContent) (err error) {
	if strings.TrimSpace(c.Title) == "" && strings.TrimSpace(c.Body) == "" {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/push/title", Message: "a push message needs a title or a body"}
	}
	for _, f := range []struct {
		to           **program
		name, source string
	}{{&t.title, "title", c.Title}, {&t.body, "body", c.Body}, {&t.link, "link", c.Link}, {&t.image, "image", c.Image}} {
		if *f.to, err = t.plain("/push/"+f.name, f.source); err != nil {
			return err
		}
	}
	return t.compileNamed("/push/data", c.Data)
}

// compileNamed compiles the values of an object, in the order of their names.
func (t *Template) compileNamed(pointer string, all map[string]string) error {
	if n := len(all); n > maxNamed {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: pointer, Limit: maxNamed, Actual: int64(n), Message: fmt.Sprintf("more than %d names", maxNamed)}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		to := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if name == "" || len(name) > carpel.MaxNameBytes {
			return &carpel.Error{Code: carpel.CodeLimit, Pointer: to, Limit: carpel.MaxNameBytes, Actual: int64(len(name)), Message: fmt.Sprintf("a name has 1 to %d bytes", carpel.MaxNameBytes)}
		}
		p, err := t.plain(to, all[name])
		if err != nil {
			return err
		}
		t.named = append(t.named, namedProgram{name, p})
	}
	return nil
}

func (t *Template) renderPush(r *run, links *Links) (*carpel.PushMessage, error) {
	m := &carpel.PushMessage{}
	for _, f := range []struct {
		to *string
		p  *program
	}{{&m.Title, t.title}, {&m.Body, t.body}, {&m.Link, t.link}, {&m.Image, t.image}} {
		s, err := r.text(f.p)
		if err != nil {
			return nil, err
		}
		*f.to = strings.TrimSpace(s)
	}
	m.Title, m.Link, m.Image = line(m.Title), line(m.Link), line(m.Image)
	if err := checkAddress(m.Link); err != nil {
		return nil, at(t.link, err)
	}
	if err := checkAddress(m.Image); err != nil {
		return nil, at(t.image, err)
	}
	link, err := links.rewritten(m.Link)
	if err != nil {
		return nil, at(t.link, err)
	}
	m.Link = link
	for _, n := range t.named {
		s, err := r.text(n.value)
		if err != nil {
			return nil, err
		}
		if m.Data == nil {
			m.Data = map[string]string{}
		}
		m.Data[n.name] = s
	}
	return m, nil
}
