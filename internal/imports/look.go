package imports

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/carpel/carpel"
)

// How much of a file a look shows.
const (
	lookRows   = 100
	lookValues = 3
)

// Sample is the head of a file, for whoever decides what its columns are.
type Sample struct {
	Format  string         `json:"format" enum:"csv,ndjson,parquet"`
	Columns []SampleColumn `json:"columns"`
	// Fault says why the mapping as it is guessed does not do; "" when it does.
	Fault string `json:"fault,omitempty" doc:"Why no row could be taken with the fields as guessed."`
}

// SampleColumn is a column with its first values.
type SampleColumn struct {
	Name   string   `json:"name"`
	Field  string   `json:"field" doc:"What it is taken for if the mapping does not say; its own name for an attribute or property."`
	Values []string `json:"values" doc:"The first different ones."`
	Types  []string `json:"types" doc:"Of the values of the first rows, as they are taken: text, number, …"`
}

// Look reads the head of a file and guesses what its columns are; nothing is kept. The file may be cut short, but for
// Parquet, whose head is at its end. A *[carpel.Error] says what is wrong with it.
func (r *Runner) Look(ctx context.Context, s Spec, file io.Reader) (Sample, error) {
	m, err := s.readMapping()
	if err != nil {
		return Sample{}, err
	}
	path, _, _, err := r.keep(s.Workspace, file)
	if err != nil {
		return Sample{}, err
	}
	sample, err := look(path, s, m)
	return sample, errors.Join(err, os.Remove(path))
}

func look(path string, s Spec, m Mapping) (Sample, error) {
	out := Sample{Format: s.Format, Columns: []SampleColumn{}}
	rs, err := openRows(path, s.Format)
	if err != nil {
		return out, err
	}
	defer rs.Close()
	names, values, types := rs.Columns(), map[string][]string{}, map[string][]string{}
	for range lookRows {
		row, _, err := rs.Next()
		if isRowError(err) {
			continue
		}
		if err != nil { // the end, or where the file was cut short
			break
		}
		for _, name := range slices.Sorted(maps.Keys(row)) {
			if rs.Columns() == nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
			values[name] = firstValues(values[name], row[name])
			types[name] = withType(types[name], row[name], s.Format == "csv")
		}
	}
	if m, err = m.guess(s.Kind, names); err != nil {
		return out, err
	}
	if err := m.suffices(s.Kind, names); err != nil {
		out.Fault = err.Error()
	}
	for _, name := range names {
		c := SampleColumn{Name: name, Field: m.field(name), Values: values[name], Types: types[name]}
		if c.Values == nil {
			c.Values = []string{}
		}
		if c.Types == nil {
			c.Types = []string{}
		}
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

// withType adds the type of a value. The cells of a file of texts are what they are taken as.
func withType(have []string, v carpel.Value, cells bool) []string {
	if cells {
		v = typed(v.Text())
	}
	kind := v.Kind().String()
	if !v.IsSet() || slices.Contains(have, kind) {
		return have
	}
	return append(have, kind)
}

// firstValues adds a value, shortened, to the first ones that differ.
func firstValues(have []string, v carpel.Value) []string {
	const most = 80
	text := []rune(v.Text())
	if len(text) > most {
		text = append(text[:most], '…')
	}
	if len(have) == lookValues || len(text) == 0 || slices.Contains(have, string(text)) {
		return have
	}
	return append(have, string(text))
}
