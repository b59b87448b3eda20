package eval

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

func TestExplainSays(t *testing.T) {
	m := newMemory(time.UTC)
	m.person(1).firstSeen = epoch - 100*day
	m.set(1, "plan", "trial", epoch-9*day)
	m.set(1, "address", map[string]any{"city": "Bonn"}, epoch-8*day)
	for i := range 12 {
		m.event(1, "Order", epoch-carpel.Millis(i+1)*day, "total", float64(i)/4)
	}
	m.add(1, Table{Kind: PageTable}, epoch-hour, "$url", "https://x.io/pricing", "$name", "Pricing")
	m.add(1, Table{Kind: MessageTable}, epoch-2*hour, "$channel", "email", "$action", "opened", "$campaign", "c1")
	m.person(1).devices = []map[string]carpel.Value{{"token": valueOf("tok"), "platform": valueOf("ios")}}
	for _, c := range []struct{ text, actual, wanted, evidence string }{
		{"{'attribute': 'plan', 'op': 'is', 'value': 'pro'}", `"trial"`, "is pro", "attribute plan -9d trial api"},
		{"{'attribute': 'plan', 'op': 'is', 'value': 'trial', 'for': '2d'}", `"trial" since 2026-03-20T10:00:00Z`, "is trial", "attribute plan -9d trial api"},
		{"{'attribute': 'address.city', 'op': 'is', 'value': 'Bonn'}", `"Bonn"`, "is Bonn", "attribute address -8d Bonn api"},
		{"{'attribute': 'gone', 'op': 'exists'}", "not set", "is set", ""},
		{"{'event': 'Order', 'count': {'at_least': 3}, 'when': {'last': '3d'}}", "2", "at least 3", "event Order -1d , event Order -2d "},
		{"{'event': 'Order'}", "12", "at least 1", "event Order -1d , event Order -2d , event Order -3d , event Order -4d , event Order -5d , event Order -6d , event Order -7d , event Order -8d , event Order -9d , event Order -10d "},
		{"{'event': 'Order', 'sum': {'of': 'total', 'between': [1, 2]}, 'when': {'last': '4d'}}", "0.75", "a sum of between 1 and 2", "event Order -1d 0, event Order -2d 0.25, event Order -3d 0.5"},
		{"{'event': 'Order', 'avg': {'of': 'total', 'at_least': 1}, 'when': {'last': '4d'}}", "0.25", "an average of at least 1", "event Order -1d 0, event Order -2d 0.25, event Order -3d 0.5"},
		{"{'event': 'Order', 'max': {'of': 'total', 'more_than': 2}, 'when': {'last': '2d'}}", "0", "a largest of more than 2", "event Order -1d 0"},
		{"{'event': 'None', 'min': {'of': 'total', 'more_than': 2}}", "nothing", "a smallest of more than 2", ""},
		{"{'event': 'Order', 'first': {'where': {'property': 'total', 'op': 'exists'}}}", "2026-03-17T10:00:00Z", "the first one with total is set", "event Order -12d "},
		{"{'event': 'Order', 'last': {'where': {'property': 'total', 'op': 'exists'}}}", "2026-03-28T10:00:00Z", "the last one with total is set", "event Order -1d "},
		{"{'event': '*', 'days': {'at_least': 20}, 'when': {'last': '2d'}}", "2", "at least 20 different days", "page Pricing -0d https://x.io/pricing, event Order -1d "},
		{"{'event': 'Order', 'distinct': {'of': 'total', 'at_least': 2}, 'when': {'last': '2d'}}", "1", "at least 2 different values", "event Order -1d 0"},
		{"{'event': 'Order', 'regularly': {'period': '1d', 'of_last': 2, 'times': 1, 'at_least': 2}}", "1", "at least 2 of 2 periods", "event Order -1d "},
		{"{'message': 'email', 'action': 'opened'}", "1", "at least 1", "message email opened -0d c1"},
		{"{'device': 'mobile', 'count': {'exactly': 1}}", "1", "exactly 1", "device tok -0d ios"},
		{"{'sequence': [{'event': 'Order', 'where': [{'property': 'total', 'op': 'is', 'value': 0.25}]}, {'page': '/pricing'}], 'within': '3d'}", "from 2026-03-27T10:00:00Z to 2026-03-29T09:00:00Z", "all in this order within 3d", "page Pricing -0d https://x.io/pricing, event Order -2d "},
		{"{'sequence': [{'page': '*'}, {'event': 'Order'}]}", "not in this order", "all in this order", ""},
		{"{'sample': {'percent': 100, 'seed': 's'}}", "48.968489 %", "below 100 %", ""},
		{"{'segment': 'other'}", "not a member", "a member", ""},
		{"{'not': {'event': 'Order'}}", "it matches", "it does not match", ""},
		{"{'any': [{'event': 'Order'}, {'event': 'None'}, {'page': '*'}]}", "2 of 3 match", "at least one matches", ""},
	} {
		q, err := CompileQuery(condition(c.text), time.UTC, func(string) (carpel.Condition, bool) { return nil, false })
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := q.Explain(m, 1, epoch)
		if err != nil {
			t.Fatal(err)
		}
		var evidence []string
		for _, e := range nodes[0].Evidence {
			at := e.At
			if e.Kind == "device" {
				at = epoch
			}
			evidence = append(evidence, fmt.Sprintf("%s %s -%dd %s", e.Kind, e.Name, (epoch-at)/day, e.Value.Text()))
			if e.Source != "" {
				evidence[len(evidence)-1] += " " + e.Source
			}
		}
		wanted := nodes[0].Wanted
		if strings.Contains(c.text, "'for'") { // what it says of how long is the sentence's
			wanted, _, _ = strings.Cut(wanted, " (")
		}
		got := []string{nodes[0].Actual, wanted, strings.Join(evidence, ", ")}
		if diff := gocmp.Diff([]string{c.actual, c.wanted, c.evidence}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}
