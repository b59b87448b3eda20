package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

// TemplatePreview is a message as one person would get it.
type TemplatePreview struct {
	Kind    carpel.ChannelKind `json:"kind" enum:"email,push,webhook"`
	From    string             `json:"from,omitempty" doc:"Of an email; empty for the channel's."`
	ReplyTo string             `json:"reply_to,omitempty"`
	Subject string             `json:"subject,omitempty"`
	HTML    string             `json:"html,omitempty" doc:"Show it in a sandboxed frame only."`
	Text    string             `json:"text,omitempty" doc:"The plain part of an email."`
	Push    *PushPreview       `json:"push,omitempty"`
	Webhook *WebhookPreview    `json:"webhook,omitempty"`

	Missing   []string          `json:"missing" doc:"Variables that the person lacks and that have no default: the person would be skipped."`
	Variables []string          `json:"variables" doc:"All that the template names."`
	Size      int               `json:"size" doc:"Bytes of the HTML, of the push message's texts, or of the webhook's body."`
	Warnings  []TemplateWarning `json:"warnings"`
}

// TemplateWarning says what can be sent and probably should not.
type TemplateWarning struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// PushPreview is a push message as one person would get it.
type PushPreview struct {
	Title string            `json:"title"`
	Body  string            `json:"body"`
	Link  string            `json:"link,omitempty"`
	Image string            `json:"image,omitempty"`
	Data  map[string]string `json:"data,omitempty"`
}

// WebhookPreview is a call as it would be made for one person.
type WebhookPreview struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body"`
}

// TemplateData stand in for what is not known before something is sent.
type TemplateData struct {
	Customer map[string]any `json:"customer,omitempty" doc:"In place of the person's attributes of these names."`
	Event    map[string]any `json:"event,omitempty" doc:"The event that starts a campaign."`
	Trigger  map[string]any `json:"trigger,omitempty" doc:"What a call hands over."`
}

type previewContentIn struct {
	Body struct {
		Content carpel.Content `json:"content"`
		Person  string         `json:"person,omitempty" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email; nobody if left out."`
		Data    *TemplateData  `json:"data,omitempty"`
	}
}

type previewTemplateIn struct {
	ID   string `path:"id" doc:"Id or key of the template."`
	Body struct {
		Version int           `json:"version,omitempty" doc:"The last if left out."`
		Person  string        `json:"person,omitempty" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email; nobody if left out."`
		Data    *TemplateData `json:"data,omitempty"`
	}
}

// previewed is what a preview is made of.
type previewed struct {
	content carpel.Content
	pointer string // where it came
	person  string // "" for nobody
	data    *TemplateData
}

type templatePreviewOut struct{ Body TemplatePreview }

func (a *API) registerTemplatePreviews() {
	const tag = "Templates"
	route(a, operation{Method: http.MethodPost, Path: "/api/templates/preview", Scope: records.ScopeRead, ID: "previewContent", Tag: tag,
		Summary: "Render a content that is not saved yet", Description: "As a person would get it, with what is missing. A fault is answered with its pointer, line and column."},
		func(c *call, in *previewContentIn) (*templatePreviewOut, error) {
			return a.previewOf(c, previewed{in.Body.Content, "/content", in.Body.Person, in.Body.Data})
		})
	route(a, operation{Method: http.MethodPost, Path: "/api/templates/{id}/preview", Scope: records.ScopeRead, ID: "previewTemplate", Tag: tag,
		Summary: "Render a template", Description: "As a person would get it, with what is missing."}, a.previewTemplate)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/templates/starters", Scope: records.ScopeRead, ID: "listStarters", Tag: tag,
		Summary: "Contents to begin with"}, func(*call, *struct{}) (*startersOut, error) {
		out := &startersOut{}
		out.Body.Starters = render.Starters()
		return out, nil
	})
}

type startersOut struct {
	Body struct {
		Starters []render.Starter `json:"starters"`
	}
}

func (a *API) previewTemplate(c *call, in *previewTemplateIn) (*templatePreviewOut, error) {
	t, err := a.Records.Template(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	content := t.Content
	if v := in.Body.Version; v != 0 && v != t.Version {
		if content, err = a.Records.TemplateContent(c, c.Workspace, t.ID, v); err != nil {
			return nil, err
		}
	}
	return a.previewOf(c, previewed{content, "", in.Body.Person, in.Body.Data})
}

// Where the links of a preview would lead.
const (
	previewUnsubscribe = "https://example.com/unsubscribe"
	previewPreferences = "https://example.com/preferences"
)

// previewOf renders a content.
func (a *API) previewOf(c *call, p previewed) (*templatePreviewOut, error) {
	t, err := render.Compile(p.content)
	if err != nil {
		return nil, under(p.pointer, err)
	}
	vars, err := a.previewVars(c, p)
	if err != nil {
		return nil, err
	}
	m, missing, err := t.Render(c, vars, render.Links{Unsubscribe: previewUnsubscribe, Preferences: previewPreferences})
	if err != nil {
		return nil, under(p.pointer, err)
	}
	out := &templatePreviewOut{TemplatePreview{Kind: t.Kind(), Missing: orEmpty(missing), Variables: orEmpty(t.Variables())}}
	switch {
	case m.Email != nil:
		out.Body.From, out.Body.ReplyTo, out.Body.Subject, out.Body.HTML, out.Body.Text = m.Email.From, m.Email.ReplyTo, m.Email.Subject, m.Email.HTML, m.Email.Text
		out.Body.Size = len(m.Email.HTML)
	case m.Push != nil:
		out.Body.Push = &PushPreview{m.Push.Title, m.Push.Body, m.Push.Link, m.Push.Image, m.Push.Data}
		out.Body.Size = len(m.Push.Title) + len(m.Push.Body)
	case m.Webhook != nil:
		out.Body.Webhook = &WebhookPreview{m.Webhook.Method, m.Webhook.URL, m.Webhook.Headers, string(m.Webhook.Body)}
		out.Body.Size = len(m.Webhook.Body)
	}
	out.Body.Warnings = templateWarnings(out.Body)
	return out, nil
}

// previewVars are the variables of a preview: a real person's, with data in place of what is not known yet.
func (a *API) previewVars(c *call, p previewed) (render.Vars, error) {
	w, err := a.Records.Workspace(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	sending, err := a.Records.Sending(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	customer := map[string]any{}
	if p.person != "" {
		ref, err := a.personRef(c, p.person)
		if err != nil {
			return nil, err
		}
		person, err := c.Engine.Person(c, ref)
		if err != nil {
			return nil, err
		}
		customer = render.Customer(person)
	}
	vars := render.Vars{"customer": customer, "workspace": render.Workspace(w, sending.Address), "campaign": map[string]any{"id": "preview", "name": "Preview"}, "now": a.Now()}
	if p.data == nil {
		return vars, nil
	}
	raw, err := json.Marshal(p.data)
	if err != nil {
		return nil, fmt.Errorf("data of a preview: %w", err)
	}
	data, _ := render.JSON(raw).(map[string]any)
	for name, v := range data {
		if with, ok := v.(map[string]any); ok && name == "customer" {
			maps.Copy(customer, with)
			continue
		}
		vars[name] = v
	}
	return vars, nil
}

// clippedAt is from how many bytes of HTML Gmail cuts a message off, and the pixel and the last links with it.
const clippedAt = 102 * 1024

// templateWarnings say what can be sent and probably should not.
func templateWarnings(p TemplatePreview) []TemplateWarning {
	out := []TemplateWarning{}
	for _, name := range p.Variables {
		root, _, _ := strings.Cut(name, ".")
		if slices.Contains(render.Roots(), root) || strings.HasPrefix(name, "customer[") {
			continue
		}
		out = append(out, TemplateWarning{Code: "unknown_variable", Suggestion: "customer." + name, Message: fmt.Sprintf("there is no %s: what is known of a person begins with customer.", name)})
	}
	if p.Kind != carpel.Email {
		return out
	}
	if p.Size > clippedAt {
		out = append(out, TemplateWarning{Code: "clipped", Message: fmt.Sprintf("the HTML has %s: Gmail cuts messages off at %s", carpel.Bytes(int64(p.Size)), carpel.Bytes(clippedAt))})
	}
	if !slices.Contains(p.Variables, "unsubscribe_url") && !slices.Contains(p.Variables, "preferences_url") {
		out = append(out, TemplateWarning{Code: "no_unsubscribe", Suggestion: "{{ unsubscribe_url }}", Message: "no link lets people unsubscribe: what is not a receipt or the like needs one"})
	}
	if p.Text == "" {
		out = append(out, TemplateWarning{Code: "no_text", Message: "the plain part is empty: without pictures there is nothing to read"})
	}
	return out
}
