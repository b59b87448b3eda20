package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDataAreTheSame makes the data set twice, and once more from the middle.
func TestDataAreTheSame(t *testing.T) {
	s := Scale{People: 300, Events: 6000}
	for p := range s.All {
		again := s.person(p.ID, nil)
		if diff := cmp.Diff(*p, again, cmp.Transformer("some", func(e []Event) []Event { return append([]Event{}, e...) })); diff != "" {
			t.Fatalf("person %d is another the second time:\n%s", p.ID, diff)
		}
	}
}

// TestDataAreAsTold checks what the questions and the databases rely on.
func TestDataAreAsTold(t *testing.T) {
	s := Scale{People: 20_000, Events: 400_000}
	total, silent := 0, 0
	var each []int
	for p := range s.All {
		last := int64(historyStart)
		for _, e := range p.Events {
			if e.At <= last || e.At > now || e.At < p.CreatedAt || e.At%second != 0 {
				t.Fatalf("person %d, made at %d: an event at %d, after one at %d", p.ID, p.CreatedAt, e.At, last)
			}
			last = e.At
		}
		total += len(p.Events)
		if len(p.Events) == 0 {
			silent++
		}
		each = append(each, len(p.Events))
	}
	if total < s.Events*9/10 || total > s.Events*11/10 {
		t.Errorf("%d events, not about %d", total, s.Events)
	}
	if silent < s.People/10 || silent > s.People/4 {
		t.Errorf("%d of %d people do nothing, not about 15 in 100", silent, s.People)
	}
	slices.Sort(each)
	busy := 0
	for _, n := range each[s.People*9/10:] {
		busy += n
	}
	if busy < total*35/100 || busy > total*60/100 {
		t.Errorf("the busiest tenth does %d of %d events, not nearly half", busy, total)
	}
}
