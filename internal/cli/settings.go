package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// yamlSettings reads a settings file: the flags' names and their values, those of one command below its name.
//
//	data: /var/lib/carpel
//	serve:
//	  listen: 0.0.0.0:8080
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	var values map[string]any
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return settings(values), nil
}

type settings map[string]any

// Validate refuses a name that is no flag.
func (s settings) Validate(app *kong.Application) error { return s.known(app.Node, s, "") }

func (s settings) known(n *kong.Node, values map[string]any, path string) error {
	for name, v := range values {
		if below, ok := v.(map[string]any); ok {
			child := childNamed(n, name)
			if child == nil {
				return fmt.Errorf("settings: there is no command %q", path+name)
			}
			if err := s.known(child, below, path+name+" "); err != nil {
				return err
			}
			continue
		}
		if !hasFlag(n, name) {
			return fmt.Errorf("settings: %q is no setting of %q", name, strings.TrimSpace("carpel "+path))
		}
	}
	return nil
}

func childNamed(n *kong.Node, name string) *kong.Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func hasFlag(n *kong.Node, name string) bool {
	for _, f := range n.Flags {
		if f.Name == name {
			return true
		}
	}
	return n.DefaultCmd != nil && hasFlag(n.DefaultCmd, name)
}

// Resolve returns the file's value for a flag, nil when it has none, or when the environment has one: that goes before.
func (s settings) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	values := map[string]any(s)
	if n := parent.Node(); n != nil && n.Type == kong.CommandNode {
		var names []string
		for ; n != nil && n.Type == kong.CommandNode; n = n.Parent {
			if n.Parent != nil && n.Parent.DefaultCmd == n {
				continue // its word may be left out, in a file as well
			}
			names = append([]string{n.Name}, names...)
		}
		for _, name := range names {
			below, ok := values[name].(map[string]any)
			if !ok {
				return nil, nil
			}
			values = below
		}
	}
	v, ok := values[flag.Name]
	if !ok {
		return nil, nil
	}
	if list, ok := v.([]any); ok { // as on the command line
		var texts []string
		for _, one := range list {
			texts = append(texts, fmt.Sprint(one))
		}
		return strings.Join(texts, ","), nil
	}
	return fmt.Sprint(v), nil
}
