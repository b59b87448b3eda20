package enginetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// asked is the id of the segment that who defines for a moment.
const asked = "asked"

// question runs a statement with a definition.
func (r *scriptRun) question(verb string, args []string, definition, wanted string) error {
	c, err := parseDefinition(definition)
	if verb == "invalid" {
		var e *carpel.Error
		if !errors.As(err, &e) {
			return fmt.Errorf("the definition was accepted (%v); wanted %q", err, wanted)
		}
		r.same("the fault", strings.TrimSpace(e.Code+" "+e.Pointer), wanted)
		return nil
	}
	if err != nil {
		return err
	}
	switch verb {
	case "segment":
		d := engine.Definition{ID: args[0], Key: args[0] + "-key", Version: r.versions[args[0]].Version + 1, Condition: c}
		if err := refusedWith(r.ready().define(d), wanted); err != nil || wanted != "" {
			return err
		}
		r.versions[d.ID] = d
		return nil
	case "who":
		if len(args) == 0 {
			return r.who(c, 0, wanted)
		}
		at, err := r.parseTime(strings.Join(args[2:], " "))
		if err != nil {
			return err
		}
		return r.who(c, at, wanted)
	}
	pointer := ""
	if len(args) > 1 {
		pointer = args[1]
	}
	return r.why(args[0], pointer, c, wanted)
}

// who asks in three ways who matches: by a preview, by an explanation for everybody, and by a segment.
func (r *scriptRun) who(c carpel.Condition, asOf carpel.Millis, wanted string) error {
	s := r.ready()
	p, err := s.preview(c, asOf)
	if err != nil {
		if code, ok := strings.CutPrefix(wanted, "refused "); ok && carpel.ErrorCode(err) == code {
			return nil
		}
		return fmt.Errorf("preview: %w", err)
	}
	wanted = sortedWords(wanted)
	r.same("the preview's sample", r.namesOf(p.Members), wanted)
	if n := len(p.Members); p.Count != int64(n) {
		r.errorf("the preview counts %d, and its sample has %d", p.Count, n)
	}
	var explained []string
	for _, key := range slices.Compact(slices.Sorted(maps.Values(r.keys))) {
		ref := carpel.PersonRef{Key: key}
		person, err := s.profile(ref)
		if carpel.ErrorCode(err) == carpel.CodeNotFound || err == nil && (person.Key != key || asOf != 0 && person.FirstSeen > asOf) {
			continue // gone, merged into another, or not there yet
		}
		if err != nil {
			return err
		}
		nodes, err := s.explain(ref, c, asOf)
		if err != nil {
			return fmt.Errorf("explain %s: %w", r.nameOf(key), err)
		}
		if nodes[0].Matched {
			explained = append(explained, key)
		}
	}
	r.same("the explanations", r.namesOf(explained), wanted)
	if asOf != 0 {
		return nil
	}
	if err := s.define(engine.Definition{ID: asked, Key: asked, Version: 1, Condition: c}); err != nil {
		return fmt.Errorf("as a segment: %w", err)
	}
	if err := r.members(asked, wanted); err != nil {
		return err
	}
	return s.drop(asked)
}

func (r *scriptRun) members(id, wanted string) error {
	members, err := r.ready().members(id)
	if err != nil {
		return refusedWith(err, wanted)
	}
	r.same("the members of "+id, r.namesOf(keysOf(members)), sortedWords(wanted))
	return nil
}

func (r *scriptRun) entered(id, name, wanted string) error {
	members, err := r.ready().members(id)
	if err != nil {
		return err
	}
	at, err := r.parseTime(wanted)
	if err != nil {
		return err
	}
	entered, in := members[r.keys[name]]
	if !in {
		return fmt.Errorf("%s is no member", name)
	}
	r.same("the entry", entered.String(), at.String())
	return nil
}

// why asks for one node of an explanation.
func (r *scriptRun) why(name, pointer string, c carpel.Condition, wanted string) error {
	key, ok := r.keys[name]
	if !ok {
		return fmt.Errorf("nobody is called %s", name)
	}
	nodes, err := r.ready().explain(carpel.PersonRef{Key: key}, c, 0)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(nodes, func(n explanation) bool { return n.Pointer == pointer })
	if i < 0 {
		return fmt.Errorf("no node %q in %+v", pointer, nodes)
	}
	n, args := nodes[i], words(wanted)
	for len(args) > 0 {
		switch args[0] {
		case "yes", "no":
			r.same("matched", strconv.FormatBool(n.Matched), strconv.FormatBool(args[0] == "yes"))
			args = args[1:]
			continue
		}
		got, ok := map[string]carpel.Millis{"since": n.Since, "next": n.Next}[args[0]]
		if !ok || len(args) < 2 {
			return fmt.Errorf("%q is no answer", wanted)
		}
		end := 2
		if end < len(args) && strings.Contains(args[end], ":") {
			end++ // a time in two words
		}
		at, err := r.parseTime(strings.Join(args[1:end], " "))
		if err != nil {
			return err
		}
		r.same(args[0], momentText(got), momentText(at))
		args = args[end:]
	}
	return nil
}

func momentText(m carpel.Millis) string {
	if m == carpel.Never {
		return "never"
	}
	return m.String()
}

// changes compares the feed since the last such statement.
func (r *scriptRun) changes(wanted string) error {
	feed, err := r.ready().changes()
	if err != nil {
		return err
	}
	var got []string
	for _, c := range feed {
		if c.Segment == asked {
			continue
		}
		sign := "-"
		if c.Enter {
			sign = "+"
		}
		got = append(got, fmt.Sprintf("%s%s %s %s", sign, c.Segment, r.nameOf(c.Person), c.Cause))
	}
	var want []string
	if wanted != "nothing" {
		for _, w := range strings.Split(wanted, ",") {
			want = append(want, strings.TrimSpace(w))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	r.same("the feed", strings.Join(got, ", "), strings.Join(want, ", "))
	return nil
}

// person compares what is kept about somebody; "refused not_found" for nobody.
func (r *scriptRun) person(name, wanted string) error {
	p, err := r.ready().profile(parseRef(name))
	if err != nil {
		return refusedWith(err, wanted)
	}
	ours := map[string]string{"$first_seen_at": momentText(p.FirstSeen), "$last_seen_at": momentText(p.LastSeen), "$ids": strings.Join(p.IDs, ","),
		"$email": p.Email, "$activity": strconv.Itoa(p.Activity), "$devices": strings.Join(p.Devices, ","), "$called": r.nameOf(p.Key)}
	for _, w := range words(wanted) {
		key, word, _ := strings.Cut(w, "=")
		if key == "$first_seen_at" || key == "$last_seen_at" {
			at, err := r.parseTime(word)
			if err != nil {
				return err
			}
			word = momentText(at)
		}
		if got, ok := ours[key]; ok {
			r.same(key, got, word)
			continue
		}
		v, err := r.scriptValue(word)
		if err != nil {
			return err
		}
		got := "null"
		if a, ok := p.Attributes[key]; ok {
			got = a.Value
		}
		r.same(key, got, string(v.AppendJSON(nil)))
	}
	return nil
}
