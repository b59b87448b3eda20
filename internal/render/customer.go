package render

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// Customer is what templates know of a person: their attributes by name, and id, email, key, first_seen_at and
// last_seen_at, which are the person's own whatever attributes are called.
func Customer(p *carpel.Person) map[string]any {
	out := make(map[string]any, len(p.Attributes)+5)
	for name, a := range p.Attributes {
		out[name] = Value(a.Value)
	}
	out["key"], out["id"], out["email"] = p.Key, textOrNil(p.UserID), textOrNil(p.Email)
	out["first_seen_at"], out["last_seen_at"] = moment(p.FirstSeenAt), moment(p.LastSeenAt)
	return out
}

// textOrNil is nil for no text: in Liquid an empty text counts as something.
func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func moment(ms carpel.Millis) any {
	if ms == carpel.Never {
		return nil
	}
	return time.UnixMilli(int64(ms)).UTC()
}

// Workspace is what templates know of the workspace: id, name, time_zone, and the postal address that the law of many
// countries wants in a message.
func Workspace(w carpel.Workspace, address string) map[string]any {
	return map[string]any{"id": w.ID, "name": w.Name, "time_zone": w.Zone, "address": textOrNil(address)}
}

// Value is a value as templates know it.
func Value(v carpel.Value) any {
	switch v.Kind() {
	case carpel.Unset:
		return nil
	case carpel.Text:
		return v.Text()
	case carpel.Bool:
		return v.Float() != 0
	case carpel.Number:
		return numberOf(json.Number(v.Text()))
	case carpel.Time:
		return moment(carpel.Millis(v.Float()))
	}
	return JSON(v.AppendJSON(nil))
}

// JSON is a JSON value as templates know it; nil for what is none.
func JSON(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var x any
	if d.Decode(&x) != nil {
		return nil
	}
	return known(x)
}

// known makes numbers of numbers, within what it is given.
func known(x any) any {
	switch x := x.(type) {
	case json.Number:
		return numberOf(x)
	case []any:
		for i := range x {
			x[i] = known(x[i])
		}
	case map[string]any:
		for name := range x {
			x[name] = known(x[name])
		}
	}
	return x
}

// numberOf is a number as an int, else as a float64; digits that neither holds, of long ids, stay a text.
func numberOf(n json.Number) any {
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i
	}
	if digits := strings.TrimLeft(n.String(), "-0123456789"); digits == "" {
		return n.String()
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return whole(f)
}
