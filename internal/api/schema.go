package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerSchema() {
	route(a, operation{Method: http.MethodGet, Path: "/api/schema", Scope: records.ScopeRead, ID: "listNames", Tag: "Data",
		Summary:     "Names and values seen, most used first",
		Description: "For completion: attributes, events, properties of an event, pages, screens, links, device properties, campaigns and segments, with types, counts, top values and when last seen. With `name` the values of that attribute, or of that `property` of the event."}, a.listNames)
}

type listNamesIn struct {
	Kind     string `query:"kind" required:"true" enum:"attribute,event,property,page,screen,link,device_property,campaign,segment"`
	Event    string `query:"event" doc:"With kind property: of which event."`
	Property string `query:"property" doc:"With kind property: the values of this one."`
	Name     string `query:"name" doc:"With kind attribute or device_property: the values of this one."`
	Q        string `query:"q" doc:"Beginning of the name or value, without regard to case."`
	Limit    int    `query:"limit" default:"50" minimum:"1" maximum:"1000"`
}

type namesOut struct {
	Body struct {
		Names []engine.Name `json:"names"`
	}
}

func (a *API) listNames(c *call, in *listNamesIn) (*namesOut, error) {
	out := &namesOut{}
	if in.Kind == "segment" {
		names, err := a.segmentNames(c, in)
		out.Body.Names = names
		return out, err
	}
	name := in.Name
	if in.Kind == "property" {
		name = in.Property
		if in.Event == "" {
			return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/event", Message: "say of which event: event=…"}
		}
	}
	names, err := c.Engine.Names(c, engine.NamesQuery{Kind: in.Kind, Event: in.Event, Name: name, Prefix: in.Q, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out.Body.Names = orEmpty(names)
	return out, nil
}

func (a *API) segmentNames(c *call, in *listNamesIn) ([]engine.Name, error) {
	all, err := a.Records.Segments(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	names := []engine.Name{}
	for _, s := range all {
		if s.State == carpel.StateArchived || !strings.HasPrefix(carpel.Fold(s.Name), carpel.Fold(in.Q)) && !strings.HasPrefix(s.Key, in.Q) {
			continue
		}
		st, err := c.Engine.Status(s.ID)
		if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
			return nil, err
		}
		names = append(names, engine.Name{Name: s.Key, Count: st.Count, LastSeen: carpel.MillisOf(s.UpdatedAt)})
		if len(names) == in.Limit {
			break
		}
	}
	return names, nil
}

// sortedKeys returns a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
