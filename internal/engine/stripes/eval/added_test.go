package eval

import (
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// TestAdded says of which new rows a condition asks about a person's history, and which decide alone.
func TestAdded(t *testing.T) {
	const ask, in, nothing = "ask", "in", "nothing"
	for _, c := range []struct {
		text   string
		member bool
		at     carpel.Millis
		n      float64
		want   string
	}{
		{"{'event': 'A', 'when': {'last': '7d'}}", false, epoch, 1, in},
		{"{'event': 'A', 'when': {'last': '7d'}}", true, epoch, 1, nothing},
		{"{'event': 'A', 'when': {'last': '7d'}}", false, epoch - 7*day + 1, 1, in},
		{"{'event': 'A', 'when': {'last': '7d'}}", false, epoch - 7*day, 1, nothing},
		{"{'event': 'A', 'when': {'last': '7d'}}", true, epoch + 1, 1, ask},
		{"{'event': 'A', 'when': {'last': '7d'}, 'count': {'at_least': 2}}", false, epoch, 1, ask},
		{"{'event': 'A', 'when': {'last': '7d'}, 'count': {'at_least': 2}}", true, epoch, 1, nothing},
		{"{'event': 'A', 'when': {'last': '7d'}, 'count': {'exactly': 1}}", true, epoch, 1, ask},
		{"{'event': 'A', 'when': {'last': '7d'}, 'count': {'exactly': 1}}", false, epoch, 1, ask},
		{"{'event': 'A', 'when': {'before_last': '7d'}}", false, epoch, 1, ask},
		{"{'event': 'A', 'where': {'property': 'n', 'op': 'greater_than', 'value': 1}}", false, epoch, 1, nothing},
		{"{'event': 'A', 'where': {'property': 'n', 'op': 'greater_than', 'value': 1}}", false, epoch, 2, in},
		{"{'event': 'A', 'where': {'property': 'n', 'op': 'does_not_exist'}}", false, epoch, 2, nothing},
		{"{'event': 'A', 'where': {'property': 'n', 'op': 'within_last', 'value': '1d'}}", false, epoch, 2, ask},
		{"{'event': 'A', 'days': {'at_least': 2}}", false, epoch, 1, ask},
		{"{'event': 'A', 'days': {'at_least': 2}}", true, epoch, 1, nothing},
		{"{'event': 'A', 'sum': {'of': 'n', 'at_least': 2}}", true, epoch, 1, ask}, // it might be negative
		{"{'event': 'A', 'sum': {'of': 'n', 'at_least': 2}, 'when': {'last': '7d'}}", true, epoch - 8*day, 1, nothing},
		{"{'event': 'A', 'last': {'where': {'property': 'n', 'op': 'is', 'value': 1}}}", true, epoch, 1, ask},
	} {
		l, err := compileLeaf(condition(c.text), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		var rows block.RowBuilder
		rows.Add(3, c.at, map[string]carpel.Value{"n": carpel.NumberValue(c.n)})
		var members block.Mask
		members.Put(3, c.member)
		e := l.(*activityLeaf).added(addition{rows.Rows(), members, epoch})
		got := nothing
		switch {
		case e.ask.Has(3):
			got = ask
		case e.in.Has(3):
			got = in
		}
		if got != c.want {
			t.Errorf("%s, matched %t, at %s: %s, want %s", c.text, c.member, c.at, got, c.want)
		}
		if l := l.(*activityLeaf); got == in && e.next != max(l.window.leave(c.at), epoch+1) {
			t.Errorf("%s: next change at %s", c.text, e.next)
		}
	}
}
