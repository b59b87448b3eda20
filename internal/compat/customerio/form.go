package customerio

import (
	"net/http"

	"github.com/carpel/carpel"
)

// form is POST /forms/{form}/submit: what a person has filled in becomes attributes, and an event of the form.
func form(c *call) error {
	data := c.body.Get("data")
	if !data.IsObject() {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/data", Message: "the form's fields are missing: an object in data"}
	}
	person := c.item(carpel.ItemIdentify, "form", c.body, -1)
	person.Base = "/data"
	person.Person.UserID = person.ID(data.Get("id"), "/data/id", carpel.MaxIDBytes)
	person.Properties = person.Values(data, "/data", "", func(name []byte) bool { return string(name) == "id" })
	person.CheckEmail("/data")
	if email := person.Properties["email"].Text(); person.Person.UserID == "" && email != "" {
		person.Person.Email = email
		person.CheckLength(email, "/data/email", carpel.MaxIDBytes)
	}
	if person.Refused == nil && person.Person.IsZero() {
		return &carpel.Error{Code: carpel.CodeNoIdentity, Pointer: "/data", Message: "the form has neither an id nor an email"}
	}
	sent := c.item(carpel.ItemEvent, "form", c.body, -1)
	sent.CheckLength(c.args[0], "", carpel.MaxIDBytes)
	sent.Name, sent.Person = "Form Submitted", person.Person
	sent.Properties = map[string]carpel.Value{"form_id": carpel.TextValue(c.args[0])}
	for name, v := range person.Properties {
		if _, ours := sent.Properties[name]; !ours {
			sent.Properties[name] = v
		}
	}
	return nil
}

func answerForm(_ *call, w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }
