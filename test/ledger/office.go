package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Office does what people do over the API, one thing after the other, to objects of its own: every object has a name and
// a state, both texts, and every write says which state one object has afterwards.
type Office struct {
	name string
	rng  *rand.Rand
	n    int // number of the last object

	state   map[string]string // of every object, as acknowledged
	open    map[string]string // the state of an object if the write without an answer was done
	refs    map[string]string // the ids of keys and people, by object
	secrets map[string]string // of keys that were acknowledged, by object
	hidden  map[string]string // members of segments that were put away, by object

	Acknowledged map[string]int // writes, by kind
}

// write is one call of the API.
type write struct {
	kind    string
	object  string
	after   string
	request request
	learn   func(answer []byte) error // reads what the answer alone tells; may be nil
}

// NewOffice returns the n-th office.
func NewOffice(n int, seed uint64) *Office {
	return &Office{name: fmt.Sprintf("office%d", n), rng: rand.New(rand.NewPCG(seed, 1000+uint64(n))), state: map[string]string{}, open: map[string]string{},
		refs: map[string]string{}, secrets: map[string]string{}, hidden: map[string]string{}, Acknowledged: map[string]int{}}
}

// Clone returns an office with the same ledger, which may be looked at without changing this one's.
func (o *Office) Clone() *Office {
	c := *o
	c.state, c.open, c.refs, c.secrets, c.hidden = maps.Clone(o.state), maps.Clone(o.open), maps.Clone(o.refs), maps.Clone(o.secrets), maps.Clone(o.hidden)
	return &c
}

// Run does one thing after the other until one gets no answer, which is how it learns that the server is gone. The error
// is an answer that should not have come.
func (o *Office) Run(s Server) error {
	for {
		if acknowledged, err := o.Step(s); err != nil || !acknowledged {
			return err
		}
	}
}

// Step does one thing and reports whether it was acknowledged. The error is an answer that should not have come. A write
// that got no answer must be looked at, with [Office.Look], before the next one.
func (o *Office) Step(s Server) (acknowledged bool, err error) { return o.do(s, o.next()) }

// Import begins an import; see [Office.Step].
func (o *Office) Import(s Server) (acknowledged bool, err error) { return o.do(s, o.newImport()) }

func (o *Office) do(s Server, w write) (acknowledged bool, err error) {
	answer, err := s.send(w.request)
	var wrong *wrongAnswer
	if errors.As(err, &wrong) {
		return false, fmt.Errorf("%s: %s of %s: %w", o.name, w.kind, w.object, wrong)
	}
	if err != nil {
		o.open[w.object] = w.after
		return false, nil
	}
	o.Acknowledged[w.kind]++
	o.state[w.object] = w.after
	if w.learn != nil {
		if err := w.learn(answer); err != nil {
			return false, fmt.Errorf("%s: %s of %s: %w", o.name, w.kind, w.object, err)
		}
	}
	return true, nil
}

// Writes is how many were acknowledged.
func (o *Office) Writes() (n int) {
	for _, k := range o.Acknowledged {
		n += k
	}
	return n
}

// The names of objects begin with what they are.
const (
	segmentObject   = "segment/"
	keyObject       = "key/"
	workspaceObject = "workspace/"
	personObject    = "person/"
	importObject    = "import/"
	rejectedObject  = "rejected/"
	settingsObject  = "settings"
)

// fresh names a new object.
func (o *Office) fresh(kind string) (object, name string) {
	o.n++
	name = fmt.Sprintf("%s-%d", o.name, o.n)
	return kind + name, name
}

// some returns an object of a kind whose state begins with a text, at random; "" when there is none.
func (o *Office) some(kind, begins string) (object, name string) {
	var all []string
	for object, state := range o.state {
		if strings.HasPrefix(object, kind) && strings.HasPrefix(state, begins) && state != "" {
			all = append(all, object)
		}
	}
	if len(all) == 0 {
		return "", ""
	}
	slices.Sort(all)
	object = all[o.rng.IntN(len(all))]
	return object, strings.TrimPrefix(object, kind)
}

// next makes the next write. What it is to be done to may not be there: then it makes something new.
func (o *Office) next() write {
	switch x := o.rng.IntN(100); {
	case x < 12:
		return o.newSegment(false)
	case x < 18:
		return o.newSegment(true)
	case x < 30:
		if object, name := o.some(segmentObject, "live dynamic"); object != "" {
			return o.edit(object, name)
		}
	case x < 45:
		if object, name := o.some(segmentObject, "live manual"); object != "" {
			return o.members(object, name)
		}
	case x < 60:
		return o.segmentState()
	case x < 67:
		return o.newKey()
	case x < 71:
		if object, _ := o.some(keyObject, "live"); object != "" {
			return write{kind: "key revoked", object: object, after: "revoked", request: request{method: "DELETE", path: "/api/keys/" + o.refs[object]}}
		}
	case x < 73:
		return o.newWorkspace()
	case x < 84:
		return o.newPerson()
	case x < 89:
		if object, name := o.some(personObject, "leaves"); object != "" {
			return write{kind: "person erased", object: object, after: "", request: request{method: "DELETE", path: "/api/people/id:" + name}}
		}
	case x < 92:
		return o.newImport()
	case x < 96:
		return o.reject()
	case o.name == "office0": // the settings are one object
		o.n++
		name := fmt.Sprintf("%s %d", o.name, o.n)
		return write{kind: "workspace renamed", object: settingsObject, after: name, request: request{method: "PUT", path: "/api/workspace", body: map[string]string{"name": name}}}
	}
	return o.newPerson()
}

// segment is the state of a segment: live or archived, its kind, its name, and its definition or its members.
func segment(state, kind, name, rest string) string {
	return strings.Join([]string{state, kind, name, rest}, " ")
}

// parts takes the state of a segment apart.
func parts(s string) (state, kind, name, rest string) {
	p := strings.SplitN(s, " ", 4)
	return p[0], p[1], p[2], p[3]
}

// definition makes a definition that differs from every other, as the API shows it.
func (o *Office) definition() string {
	o.n++
	return fmt.Sprintf(`{"attribute":"plan","op":"is","value":"%s-%d"}`, o.name, o.n)
}

func (o *Office) newSegment(manual bool) write {
	object, name := o.fresh(segmentObject)
	body := map[string]any{"name": name, "key": name, "kind": "manual"}
	w := write{kind: "manual segment created", object: object, after: segment("live", "manual", name, "")}
	if !manual {
		def := o.definition()
		body["kind"], body["definition"] = "dynamic", json.RawMessage(def)
		w.kind, w.after = "segment created", segment("live", "dynamic", name, def)
	}
	w.request = request{method: "POST", path: "/api/segments", body: body}
	return w
}

func (o *Office) edit(object, key string) write {
	o.n++
	name, def := fmt.Sprintf("%s-%d", o.name, o.n), o.definition()
	return write{kind: "segment edited", object: object, after: segment("live", "dynamic", name, def),
		request: request{method: "PUT", path: "/api/segments/" + key, body: map[string]any{"name": name, "definition": json.RawMessage(def)}}}
}

// members puts people into a manual segment, or takes them out.
func (o *Office) members(object, key string) write {
	state, kind, name, rest := parts(o.state[object])
	in := map[string]bool{}
	for _, id := range strings.Split(rest, ",") {
		in[id] = id != ""
	}
	var add, remove []string
	for range 1 + o.rng.IntN(4) {
		if _, who := o.some(personObject, "stays"); who != "" && !slices.Contains(add, "id:"+who) && !slices.Contains(remove, "id:"+who) {
			if in[who] {
				remove = append(remove, "id:"+who)
			} else {
				add = append(add, "id:"+who)
			}
			in[who] = !in[who]
		}
	}
	return write{kind: "members edited", object: object, after: segment(state, kind, name, o.list(in)),
		request: request{method: "POST", path: "/api/segments/" + key + "/members", body: map[string]any{"add": add, "remove": remove}}}
}

// list joins the ids that are set.
func (o *Office) list(in map[string]bool) string {
	maps.DeleteFunc(in, func(_ string, is bool) bool { return !is })
	return strings.Join(slices.Sorted(maps.Keys(in)), ",")
}

// segmentState pauses, resumes, archives, restores or deletes a segment.
func (o *Office) segmentState() write {
	object, key := o.some(segmentObject, "")
	if object == "" {
		return o.newSegment(true)
	}
	state, kind, name, rest := parts(o.state[object])
	verb, after := "archive", "archived"
	switch {
	case state == "archived":
		verb, after = "restore", "live"
	case state == "paused":
		verb, after = "resume", "live"
	case kind == "dynamic" && o.rng.IntN(3) == 0:
		verb, after = "pause", "paused"
	}
	if kind == "manual" { // an archived segment shows no members, and has them again when it is restored
		switch verb {
		case "archive":
			o.hidden[object], rest = rest, ""
		case "restore":
			rest = o.hidden[object]
		}
	}
	if o.rng.IntN(5) == 0 {
		return write{kind: "segment deleted", object: object, after: "", request: request{method: "DELETE", path: "/api/segments/" + key}}
	}
	return write{kind: "segment " + after, object: object, after: segment(after, kind, name, rest),
		request: request{method: "POST", path: "/api/segments/" + key + "/" + verb}}
}

func (o *Office) newKey() write {
	object, name := o.fresh(keyObject)
	w := write{kind: "key created", object: object, after: "live", request: request{method: "POST", path: "/api/keys",
		body: map[string]any{"kind": "ak", "name": name, "scopes": []string{"read"}}}}
	w.learn = func(answer []byte) error {
		var key struct{ ID, Secret string }
		err := json.Unmarshal(answer, &key)
		o.refs[object], o.secrets[object] = key.ID, key.Secret
		return err
	}
	return w
}

func (o *Office) newWorkspace() write {
	object, name := o.fresh(workspaceObject)
	w := write{kind: "workspace created", object: object, after: "live", request: request{method: "POST", path: "/api/workspaces", body: map[string]string{"name": name}}}
	w.learn = func(answer []byte) error {
		var made struct{ Key struct{ Secret string } }
		err := json.Unmarshal(answer, &made)
		o.secrets[object] = made.Key.Secret
		return err
	}
	return w
}

// newPerson makes somebody who may be put into segments, or somebody who may be erased.
func (o *Office) newPerson() write {
	object, name := o.fresh(personObject)
	fate := []string{"stays", "leaves"}[o.rng.IntN(2)]
	return write{kind: "person made", object: object, after: fate, request: request{method: "POST", path: "/v1/identify", write: true,
		body: map[string]any{"userId": name, "messageId": name, "traits": map[string]string{"fate": fate}}}}
}

// importRows is how many people an import holds.
const importRows = 40

func (o *Office) newImport() write {
	object, name := o.fresh(importObject)
	var file strings.Builder
	file.WriteString("id,from_file\n")
	for i := range importRows {
		fmt.Fprintf(&file, "%s-%d,%s\n", name, i, name)
	}
	w := write{kind: "import begun", object: object, after: fmt.Sprint(importRows), request: request{method: "POST", path: "/api/imports",
		query: map[string][]string{"kind": {"people"}, "format": {"csv"}, "file": {name + ".csv"}}, body: []byte(file.String()), header: map[string]string{"Content-Type": "application/octet-stream"}}}
	w.learn = func(answer []byte) error {
		var made struct{ ID string }
		err := json.Unmarshal(answer, &made)
		o.refs[object] = made.ID
		return err
	}
	return w
}

// reject sends an item that is refused, which the protocol answers with 200: it must be listed.
func (o *Office) reject() write {
	object, name := o.fresh(rejectedObject)
	return write{kind: "item refused", object: object, after: "live", request: request{method: "POST", path: "/v1/batch", write: true,
		body: map[string]any{"batch": []map[string]any{{"type": "track", "messageId": name, "userId": "x" + name}}}}}
}
