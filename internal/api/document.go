package api

import (
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// completeDocument adds to an operation of the document what the framework does not know: the further content types of
// a streaming answer, and that errors have the shape of [Problem].
func completeDocument(doc *huma.OpenAPI, op operation) {
	item := doc.Paths[op.Path]
	o := map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete}[op.Method]
	problem := doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for status, r := range o.Responses {
		if r != nil && (status >= "4" || status == "default") {
			r.Content = map[string]*huma.MediaType{"application/problem+json": {Schema: problem}}
		}
	}
	if op.Answer == nil && len(op.Produces) == 0 {
		return
	}
	content := map[string]*huma.MediaType{}
	if op.Answer != nil {
		content["application/json"] = &huma.MediaType{Schema: doc.Components.Schemas.Schema(reflect.TypeOf(op.Answer), true, op.ID+"Answer")}
	}
	for _, ct := range op.Produces {
		content[ct] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
	}
	o.Responses["200"] = &huma.Response{Description: "OK", Content: content}
}

// listsAreNeverNull says of every list in the document that it is one: an empty list is [], in answers and in what is
// sent.
func listsAreNeverNull(doc *huma.OpenAPI) {
	for _, s := range doc.Components.Schemas.Map() {
		for _, property := range s.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false
			}
		}
	}
}

// anyValue stands for a JSON value of any type in the document.
type anyValue struct{}

// Schema implements huma.SchemaProvider.
func (anyValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "Any JSON value."}
}

// momentOrNull stands for a carpel.Millis in the document: RFC 3339, or null for never.
type momentOrNull struct{}

// Schema implements huma.SchemaProvider.
func (momentOrNull) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "date-time", Nullable: true, Description: "RFC 3339; null for never."}
}

// textOrNull is a text that is null when empty: the id of a person known only by email.
type textOrNull string

// MarshalJSON writes null for the empty text.
func (s textOrNull) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(s))
}

// Schema implements huma.SchemaProvider.
func (textOrNull) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Nullable: true}
}
