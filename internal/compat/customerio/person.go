package customerio

import (
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// refOf reads the identifier of a path, whose kind shows in its shape: cio_… is a person's key, what holds an @ is an
// email, everything else is a user id. Our keys are told to callers as cio_p_…; a bare p_… stays a user id.
func refOf(id string) carpel.PersonRef {
	if key, ok := strings.CutPrefix(id, "cio_"); ok && key != "" {
		return carpel.PersonRef{Key: key}
	}
	if ingest.IsEmail(id) {
		return carpel.PersonRef{Email: id}
	}
	return carpel.PersonRef{UserID: id}
}

// named makes the item about the person of the path.
func (c *call) named(it *ingest.Item) *ingest.Item {
	it.CheckLength(c.args[0], "", carpel.MaxIDBytes)
	it.Person = refOf(c.args[0])
	return it
}

// fallBack lets an identifier that looks like an email mean the person who has it as a user id, when nobody has it as
// an email. Only for calls that make nobody.
func (c *call) fallBack(it *ingest.Item) {
	if it.Person.Email != "" && it.Person.UserID == "" {
		it.Fallback = carpel.PersonRef{UserID: it.Person.Email}
	}
}

// reserved are the fields of a body of attributes that are none.
func reserved(name []byte) bool {
	switch string(name) {
	case "anonymous_id", "_timestamp", "_update", "cio_relationships":
		return true
	}
	return false
}

// identify is PUT /customers/{id}: a flat map of attributes.
func identify(c *call) error {
	it := c.named(c.item(carpel.ItemIdentify, "identify", c.body, -1))
	c.attributes(it, c.body, "")
	return nil
}

// attributes reads the attributes of an identify, and what stands among them.
func (c *call) attributes(it *ingest.Item, n ingest.Node, pointer string) {
	it.Base = pointer
	it.Properties = it.Values(n, pointer, "", reserved)
	it.CheckEmail(pointer)
	if at := n.Get("_timestamp"); at.IsSet() {
		it.Moment(at, pointer+"/_timestamp", 0)
	}
	it.UpdateOnly = n.Get("_update").IsTrue()
	it.Person.AnonymousID = it.ID(n.Get("anonymous_id"), pointer+"/anonymous_id", carpel.MaxIDBytes)
	if n.Get("cio_relationships").IsSet() {
		it.Warnf(carpel.CodeUnsupportedType, pointer+"/cio_relationships", "there are no relationships; the rest was taken")
	}
	id := it.ID(n.Get("id"), pointer+"/id", carpel.MaxIDBytes)
	switch {
	case id == "" || id == it.Person.UserID:
		delete(it.Properties, "id")
	case it.Person.Email != "" && it.Person.UserID == "":
		// The id that the email's person gets; the email that the id's person gets, when it is free.
		it.Person.UserID = id
		delete(it.Properties, "id")
		if _, told := it.Properties["email"]; !told {
			it.Properties["email"] = carpel.TextValue(it.Person.Email)
		}
	}
}

// remove is DELETE /customers/{id}. Nobody to delete is no error: they are gone.
func remove(c *call) error {
	c.removal(c.named(c.item(carpel.ItemErase, "delete", c.body, -1)), "delete people")
	return nil
}

// removal completes an item that deletes, suppresses or unsuppresses.
func (c *call) removal(it *ingest.Item, what string) {
	if e := c.mayChange(what); e != nil {
		it.Refuse(e)
	}
	it.Gone = true
	if it.Kind == carpel.ItemUnsuppress && it.Person.Email != "" {
		it.Person.UserID = it.Person.Email // both are freed
		return
	}
	c.fallBack(it)
}

func suppress(c *call) error {
	c.removal(c.named(c.item(carpel.ItemSuppress, "suppress", c.body, -1)), "suppress people")
	return nil
}

func unsuppress(c *call) error {
	c.removal(c.named(c.item(carpel.ItemUnsuppress, "unsuppress", c.body, -1)), "unsuppress people")
	return nil
}

// merge is POST /merge_customers.
func merge(c *call) error {
	c.merging(c.item(carpel.ItemMerge, "merge", c.body, -1), c.body)
	return nil
}

// merging reads who is merged into whom.
func (c *call) merging(it *ingest.Item, n ingest.Node) {
	it.Person = identifiers(it, n.Get("primary"), "/primary")
	it.Other = identifiers(it, n.Get("secondary"), "/secondary")
	if it.Refused == nil && it.Person == it.Other {
		it.Refusef(carpel.CodeInvalid, "/secondary", "primary and secondary are the same")
	}
	if e := c.mayChange("merge people"); e != nil {
		it.Refuse(e)
	}
}

// identifiers reads an object that names a person by exactly one of id, email and cio_id.
func identifiers(it *ingest.Item, n ingest.Node, pointer string) (ref carpel.PersonRef) {
	if !n.IsObject() {
		it.Refusef(carpel.CodeInvalid, pointer, "an object with one of id, email and cio_id is due here")
		return ref
	}
	found := 0
	for key, v := range n.Fields() {
		at := pointer + "/" + string(key)
		switch string(key) {
		case "id":
			ref.UserID = it.ID(v, at, carpel.MaxIDBytes)
		case "email":
			ref.Email = it.ID(v, at, carpel.MaxIDBytes)
			if ref.Email != "" && !ingest.IsEmail(ref.Email) {
				it.Refusef(carpel.CodeInvalid, at, "%.60q is no email", ref.Email)
			}
		case "cio_id":
			ref.Key = strings.TrimPrefix(it.ID(v, at, carpel.MaxIDBytes), "cio_")
		case "phone":
			it.Refusef(carpel.CodeInvalid, at, "people are not found by phone; give id, email or cio_id")
		default:
			continue
		}
		if v.IsSet() {
			found++
		}
	}
	if found != 1 || ref.IsZero() {
		it.Refusef(carpel.CodeInvalid, pointer, "exactly one of id, email and cio_id is due here")
	}
	return ref
}
