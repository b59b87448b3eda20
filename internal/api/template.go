package api

import (
	"net/http"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

// templateOut is an answer of one template; ETag is what If-Match takes.
type templateOut struct {
	ETag string `header:"ETag"`
	Body carpel.Template
}

func templateAnswer(t carpel.Template, err error) (*templateOut, error) {
	if err != nil {
		return nil, err
	}
	return &templateOut{ETag: etag(t.UpdatedAt), Body: t}, nil
}

type templatePath struct {
	ID string `path:"id" doc:"Id or key of the template."`
}

func (a *API) registerTemplates() {
	const tag = "Templates"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/templates", Scope: records.ScopeRead, ID: "listTemplates", Tag: tag,
		Summary: "List templates"}, a.listTemplates)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/templates", Scope: records.ScopeWrite, ID: "createTemplate", Tag: tag, Status: http.StatusCreated,
		Summary: "Create a template", Description: "A fault of the content is answered with its pointer, and line and column in the words."}, a.createTemplate)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/templates/{id}", Scope: records.ScopeRead, ID: "getTemplate", Tag: tag,
		Summary: "Read a template"}, func(c *call, in *templatePath) (*templateOut, error) {
		return templateAnswer(a.Records.Template(c, c.Workspace, in.ID))
	})
	routeRecords(a, operation{Method: http.MethodPut, Path: "/api/templates/{id}", Scope: records.ScopeWrite, ID: "updateTemplate", Tag: tag,
		Summary: "Change a template", Errors: []int{http.StatusPreconditionFailed},
		Description: "Fields left out stay as they are. A content that differs makes a new version; what was planned with an earlier one is sent with that."}, a.updateTemplate)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/templates/{id}", Scope: records.ScopeWrite, ID: "deleteTemplate", Tag: tag,
		Summary: "Delete a template", Errors: []int{http.StatusPreconditionFailed}, Description: "409 with the users when a broadcast or a campaign that is not over sends it. What was planned with it is sent all the same."}, a.deleteTemplate)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/templates/{id}/versions", Scope: records.ScopeRead, ID: "listTemplateVersions", Tag: tag,
		Summary: "What a template said, newest first"}, a.listTemplateVersions)
}

type listTemplatesIn struct {
	Search string             `query:"search" doc:"Part of the name or key."`
	Kind   carpel.ChannelKind `query:"kind" enum:"email,push,webhook"`
	Limit  int                `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After  string             `query:"after" doc:"Opaque: the next of the answer before."`
}

type listTemplatesOut struct {
	Body struct {
		Templates []carpel.Template `json:"templates"`
		Next      string            `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listTemplates(c *call, in *listTemplatesIn) (*listTemplatesOut, error) {
	all, err := a.Records.Templates(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	out := &listTemplatesOut{}
	out.Body.Templates = []carpel.Template{}
	search, started := carpel.Fold(in.Search), in.After == ""
	for _, t := range all {
		if !started {
			started = t.ID == in.After
			continue
		}
		if in.Kind != "" && t.Kind != in.Kind || !strings.Contains(carpel.Fold(t.Name), search) && !strings.Contains(t.Key, search) {
			continue
		}
		if len(out.Body.Templates) == in.Limit {
			out.Body.Next = out.Body.Templates[in.Limit-1].ID
			break
		}
		out.Body.Templates = append(out.Body.Templates, t)
	}
	if !started {
		return nil, carpel.Errorf(carpel.CodeGone, "the cursor's template is gone; list again from the start")
	}
	return out, nil
}

type createTemplateIn struct {
	Body struct {
		Name    string         `json:"name" minLength:"1" maxLength:"150"`
		Key     string         `json:"key,omitempty" doc:"Made from the name if left out."`
		Content carpel.Content `json:"content"`
	}
}

func (a *API) createTemplate(c *call, in *createTemplateIn) (*templateOut, error) {
	if err := checkContent(in.Body.Content); err != nil {
		return nil, err
	}
	t, err := a.Records.CreateTemplate(c, c.Workspace, c.Who, carpel.Template{Name: in.Body.Name, Key: in.Body.Key, Content: in.Body.Content})
	if err != nil {
		return nil, err
	}
	return templateAnswer(t, a.audit(c, "template.create", t.ID))
}

type updateTemplateIn struct {
	ID      string `path:"id" doc:"Id or key of the template."`
	IfMatch string `header:"If-Match" doc:"The ETag that the template must still have; 412 otherwise."`
	Body    struct {
		Name    *string         `json:"name,omitempty" minLength:"1" maxLength:"150"`
		Content *carpel.Content `json:"content,omitempty"`
	}
}

func (a *API) updateTemplate(c *call, in *updateTemplateIn) (*templateOut, error) {
	t, err := a.Records.Template(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	edit := records.TemplateEdit{Name: in.Body.Name, Content: in.Body.Content}
	if edit.Content != nil {
		if err := checkContent(*edit.Content); err != nil {
			return nil, err
		}
	}
	if edit.IfVersion, err = ifVersion("template", t.UpdatedAt, in.IfMatch); err != nil {
		return nil, err
	}
	old := t
	if t, err = a.Records.UpdateTemplate(c, c.Workspace, c.Who, t.ID, edit); err != nil {
		return nil, err
	}
	parts := []string{}
	if t.Name != old.Name {
		parts = append(parts, "name")
	}
	if t.Version != old.Version {
		parts = append(parts, "content")
	}
	return templateAnswer(t, a.auditDetail(c, "template.update", t.ID, detail{"changed": parts, "version": t.Version}))
}

// checkContent refuses a content that does not compile, with the place of the fault.
func checkContent(content carpel.Content) error {
	if _, err := render.Compile(content); err != nil {
		return under("/content", err)
	}
	return nil
}

type deleteTemplateIn struct {
	ID      string `path:"id" doc:"Id or key of the template."`
	IfMatch string `header:"If-Match" doc:"The ETag that the template must still have; 412 otherwise."`
}

func (a *API) deleteTemplate(c *call, in *deleteTemplateIn) (*struct{}, error) {
	t, err := a.Records.Template(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	if err := unchanged("template", t.UpdatedAt, in.IfMatch); err != nil {
		return nil, err
	}
	if err := a.Records.DeleteTemplate(c, c.Workspace, t.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "template.delete", t.ID)
}

type listTemplateVersionsOut struct {
	Body struct {
		Versions []carpel.TemplateVersion `json:"versions"`
	}
}

func (a *API) listTemplateVersions(c *call, in *templatePath) (*listTemplateVersionsOut, error) {
	t, err := a.Records.Template(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := &listTemplateVersionsOut{}
	out.Body.Versions, err = a.Records.TemplateVersions(c, c.Workspace, t.ID)
	return out, err
}
