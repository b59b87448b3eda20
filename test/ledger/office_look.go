package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Look returns a problem for every object that is not in the state that was acknowledged, or, when a write had no answer,
// in the one before it or the one behind it. From then on the ledger says what is there.
func (o *Office) Look(s Server) (problems []string, err error) {
	is, err := o.actual(s)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(is)
	maps.Copy(all, o.state)
	maps.Copy(all, o.open)
	for _, object := range slices.Sorted(maps.Keys(all)) {
		maybe, open := o.open[object]
		if is[object] == o.state[object] || open && is[object] == maybe {
			continue
		}
		problem := fmt.Sprintf("%s is %q; acknowledged was %q", object, is[object], o.state[object])
		if open {
			problem += fmt.Sprintf(", or %q without an answer", maybe)
		}
		problems = append(problems, problem)
	}
	more, err := o.authenticate(s, is)
	o.state, o.open = is, map[string]string{}
	return append(problems, more...), err
}

// actual reads the state of every object of the office.
func (o *Office) actual(s Server) (map[string]string, error) {
	is := map[string]string{}
	for _, read := range []func(Server, map[string]string) error{o.imports, o.segments, o.keys, o.workspaces, o.people, o.rejected} {
		if err := read(s, is); err != nil {
			return nil, err
		}
	}
	if o.name != "office0" {
		return is, nil
	}
	var settings struct{ Name string }
	err := s.Get("/api/workspace", nil, &settings)
	if strings.HasPrefix(settings.Name, o.name) {
		is[settingsObject] = settings.Name
	}
	return is, err
}

func (o *Office) segments(s Server, is map[string]string) error {
	for _, which := range []string{"", "archived"} {
		err := s.pages("/api/segments", url.Values{"limit": {"1000"}, "state": slices.DeleteFunc([]string{which}, func(s string) bool { return s == "" })}, func(answer json.RawMessage) (string, int, error) {
			var page struct {
				Segments []struct {
					Key, Name, Kind, State string
					Definition             json.RawMessage
				}
				Next string
			}
			if err := json.Unmarshal(answer, &page); err != nil {
				return "", 0, err
			}
			for _, g := range page.Segments {
				if !strings.HasPrefix(g.Key, o.name+"-") {
					continue
				}
				rest := string(g.Definition)
				if g.Kind == "manual" && g.State != "archived" {
					ids, err := s.Members(g.Key)
					if err != nil {
						return "", 0, err
					}
					rest = strings.Join(ids, ",")
				}
				if g.State == "building" {
					g.State = "live"
				}
				is[segmentObject+g.Key] = segment(g.State, g.Kind, g.Name, rest)
			}
			return page.Next, len(page.Segments), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) keys(s Server, is map[string]string) error {
	var list struct {
		Keys []struct {
			ID, Name  string
			RevokedAt string `json:"revoked_at"`
		}
	}
	err := s.Get("/api/keys", nil, &list)
	for _, k := range list.Keys {
		if !strings.HasPrefix(k.Name, o.name+"-") {
			continue
		}
		is[keyObject+k.Name] = "live"
		if k.RevokedAt != "" {
			is[keyObject+k.Name] = "revoked"
		}
		o.refs[keyObject+k.Name] = k.ID
	}
	return err
}

func (o *Office) workspaces(s Server, is map[string]string) error {
	var list struct{ Workspaces []struct{ Name string } }
	err := s.Get("/api/workspaces", nil, &list)
	for _, w := range list.Workspaces {
		if strings.HasPrefix(w.Name, o.name+"-") {
			is[workspaceObject+w.Name] = "live"
		}
	}
	return err
}

func (o *Office) people(s Server, is map[string]string) error {
	for _, of := range []map[string]string{o.state, o.open} {
		for object := range of {
			name, isPerson := strings.CutPrefix(object, personObject)
			if !isPerson {
				continue
			}
			var wrong *wrongAnswer
			var person struct {
				Attributes struct{ Fate struct{ Value string } }
			}
			err := s.Get("/api/people/id:"+name, nil, &person)
			switch {
			case err == nil:
				is[object] = person.Attributes.Fate.Value
			case errors.As(err, &wrong) && wrong.status == http.StatusNotFound:
			default:
				return err
			}
		}
	}
	return nil
}

// imports waits until every import has ended, and counts the people of each.
func (o *Office) imports(s Server, is map[string]string) error {
	err := until(func() (bool, error) {
		var list struct {
			Imports []struct{ ID, File, State, Reason string }
		}
		if err := s.Get("/api/imports", url.Values{"limit": {"500"}}, &list); err != nil {
			return false, err
		}
		for _, m := range list.Imports {
			if m.State == "running" {
				return false, nil
			}
			if name := strings.TrimSuffix(m.File, ".csv"); strings.HasPrefix(name, o.name+"-") && m.State != "done" {
				is[importObject+name] = m.State + ": " + m.Reason
			}
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("imports: %w", err)
	}
	for _, of := range []map[string]string{o.state, o.open} {
		for object := range of {
			name, isImport := strings.CutPrefix(object, importObject)
			if !isImport || is[object] != "" {
				continue
			}
			var counted struct{ Count int }
			if err := s.Post("/api/segments/preview", map[string]any{"definition": map[string]string{"attribute": "from_file", "op": "is", "value": name}}, &counted); err != nil {
				return err
			}
			if counted.Count > 0 {
				is[object] = fmt.Sprint(counted.Count)
			}
		}
	}
	return nil
}

func (o *Office) rejected(s Server, is map[string]string) error {
	return s.pages("/api/rejected", url.Values{"limit": {"500"}}, func(answer json.RawMessage) (string, int, error) {
		var page struct {
			Rejected []struct {
				MessageID string `json:"message_id"`
			}
			Next int64
		}
		err := json.Unmarshal(answer, &page)
		for _, r := range page.Rejected {
			if strings.HasPrefix(r.MessageID, o.name+"-") {
				is[rejectedObject+r.MessageID] = "live"
			}
		}
		if page.Next == 0 {
			return "", 0, err
		}
		return fmt.Sprint(page.Next), len(page.Rejected), err
	})
}

// authenticate returns a problem for every secret that does not open what it should, or opens what it should not.
func (o *Office) authenticate(s Server, is map[string]string) (problems []string, err error) {
	for _, object := range slices.Sorted(maps.Keys(o.secrets)) {
		_, err := s.send(request{method: "GET", path: "/api/workspace", key: o.secrets[object]})
		var wrong *wrongAnswer
		if err != nil && !errors.As(err, &wrong) {
			return problems, err
		}
		if works := err == nil; works != (is[object] == "live") {
			problems = append(problems, fmt.Sprintf("the secret of %s, which is %q: %v", object, is[object], err))
		}
		if is[object] != "live" {
			delete(o.secrets, object) // seen to be shut
		}
	}
	return problems, nil
}
