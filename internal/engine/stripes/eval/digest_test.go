package eval

import (
	"strings"
	"sync"
	"testing"
	"unique"
)

// held is what a memo keeps, counted anew.
func (m *Memo) held() (bytes int64) {
	for _, d := range m.digests {
		bytes += d.size()
	}
	return bytes
}

// A memo keeps as many digests as its bytes allow: others go one by one for a new one, and one that is too large is not kept.
func TestMemoKeepsToItsBytes(t *testing.T) {
	key := func(block int) digestKey { return digestKey{unique.Make("condition"), block} }
	small := &digest{n: 1}
	each := small.size()
	m := NewMemo(16, 10*each)
	for i := range 25 {
		m.put(key(i), &digest{n: i})
		if want := min(i+1, 10); len(m.digests) != want || m.bytes != m.held() {
			t.Fatalf("%d digests of %d bytes, counted as %d; want %d digests", len(m.digests), m.held(), m.bytes, want)
		}
		if got := m.get(key(i)); got == nil || got.n != i {
			t.Fatalf("the digest put last is %v", got)
		}
	}
	m.put(key(24), &digest{n: 99})
	if len(m.digests) != 10 || m.bytes != m.held() || m.get(key(24)).n != 99 {
		t.Errorf("after replacing one: %d digests of %d bytes, counted as %d", len(m.digests), m.held(), m.bytes)
	}
	m.put(key(24), &digest{values: []string{strings.Repeat("x", int(10*each))}})
	if m.get(key(24)) != nil || len(m.digests) != 9 || m.bytes != m.held() {
		t.Errorf("one that is too large: %d digests of %d bytes, counted as %d", len(m.digests), m.held(), m.bytes)
	}
	m.put(key(100), &digest{values: []string{strings.Repeat("x", int(3*each))}})
	if m.get(key(100)) == nil || m.bytes != m.held() || m.bytes > m.limit {
		t.Errorf("one that takes the room of several: %d bytes, counted as %d of %d", m.held(), m.bytes, m.limit)
	}
	grown := m.Grown(true, 20*each)
	if grown.bytes != grown.held() || len(grown.digests) != len(m.digests) {
		t.Errorf("grown at the end: %d digests of %d bytes, counted as %d", len(grown.digests), grown.held(), grown.bytes)
	}
	if other := m.Grown(false, 20*each); other.bytes != 0 || len(other.digests) != 0 {
		t.Errorf("grown elsewhere it keeps %d digests", len(other.digests))
	}
}

// Evaluations ask a memo at the same time, also while the writer makes it grow.
func TestMemoIsSharedByEvaluations(t *testing.T) {
	m := NewMemo(16, 2000)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 500 {
				k := digestKey{unique.Make("condition"), n % 20}
				if d := m.get(k); d != nil && d.upTo != k.block {
					t.Errorf("goroutine %d: the digest of block %d is about %d", i, k.block, d.upTo)
				}
				m.put(k, &digest{upTo: k.block})
				if g := m.Grown(true, 2000); g.bytes > g.limit {
					t.Errorf("goroutine %d: %d bytes are kept", i, g.bytes)
				}
			}
		})
	}
	all.Wait()
	if m.bytes != m.held() {
		t.Errorf("%d bytes are counted as %d", m.held(), m.bytes)
	}
}
