package delivery

import (
	"context"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
)

// templates keeps templates compiled: a version never changes.
type templates struct {
	content func(ctx context.Context, workspace, template string, version int) (carpel.Content, error)

	mu    sync.Mutex
	known map[templateVersion]*compiled // guarded by mu
}

type templateVersion struct {
	workspace, template string
	version             int
}

// compiled is a template, or why there is none, once done.
type compiled struct {
	once     sync.Once
	template *render.Template
	err      error
}

// maxCompiled is how many are kept.
const maxCompiled = 128

func newTemplates(content func(ctx context.Context, workspace, template string, version int) (carpel.Content, error)) *templates {
	return &templates{content: content, known: map[templateVersion]*compiled{}}
}

// of returns the template of a delivery: its own content, or a version of a template.
func (t *templates) of(ctx context.Context, workspace string, d carpel.Delivery) (*render.Template, error) {
	if d.Content != nil {
		return render.Compile(*d.Content)
	}
	key := templateVersion{workspace, d.Template, d.TemplateVersion}
	c := t.claim(key)
	c.once.Do(func() {
		var content carpel.Content
		if content, c.err = t.content(ctx, workspace, d.Template, d.TemplateVersion); c.err == nil {
			c.template, c.err = render.Compile(content)
		}
	})
	if c.err != nil {
		t.forget(key)
	}
	return c.template, c.err
}

func (t *templates) claim(key templateVersion) *compiled {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.known[key]
	if c == nil {
		for k := range t.known { // any: those at work are compiled again soon enough
			if len(t.known) < maxCompiled {
				break
			}
			delete(t.known, k)
		}
		c = &compiled{}
		t.known[key] = c
	}
	return c
}

func (t *templates) forget(key templateVersion) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, key)
}
