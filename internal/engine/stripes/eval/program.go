package eval

import (
	"fmt"
	"math/bits"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Root is a definition to keep: a segment's, under its id.
type Root struct {
	ID        string
	Condition carpel.Condition
}

// Program is a set of definitions compiled to one DAG: equal conditions, wherever they stand, are one node. A node's
// children come before it, and a root that others refer to before those. Immutable but for what it
// keeps to use again; safe for concurrent use.
type Program struct {
	nodes []node
	roots []int          // node of each root, in the order given
	leaf  map[string]int // leaves by the canonical form of their condition
	zone  *time.Location

	byTable   map[Table][]int  // leaves that read a table
	anyEvent  []int            // leaves that read every event, page and screen table
	byAttr    map[string][]int // leaves that read an attribute
	firstSeen []int            // leaves that read $first_seen_at
	bySegment map[string][]int // leaves that read a segment through the source
	parents   [][]int          // by node: the nodes it is a child of
	rootsOf   [][]int          // by node: the roots that it is

	spare sync.Pool // of *marks
}

// node is one condition of the DAG.
type node struct {
	leaf     leaf // nil for a combination
	op       combination
	children []int
}

type combination uint8

const (
	combineAll combination = iota + 1
	combineAny
	combineNone // also not
	combineSame // a reference to another root
)

// leaf is a condition that reads data.
type leaf interface {
	// eval answers for the slots asked about, which are people. It returns those that match, and, when timers are asked
	// for, the earliest moment after now at which the passing of time alone could change the answer for one of them:
	// early it may be, late never.
	eval(q ask) (block.Mask, carpel.Millis, error)
	// reads says what the answer depends on.
	reads() reads
	// line answers for one person at every moment from p.h.from on.
	line(p past) (line, error)
}

// reads is what a leaf depends on.
type reads struct {
	tables     []Table
	anyEvent   bool
	attributes []string
	firstSeen  bool
	segment    string
}

// Compile builds the program of some definitions. resolve returns the index of the root that a reference means, or -1
// for one that is read through [Source.Segment]. References among the roots must not form a cycle.
func Compile(roots []Root, zone *time.Location, resolve func(ref string) int) (*Program, error) {
	c := &compiler{p: &Program{zone: zone, roots: make([]int, len(roots)), leaf: map[string]int{}, byTable: map[Table][]int{}, byAttr: map[string][]int{}, bySegment: map[string][]int{}},
		byHash: map[string]int{}, input: roots, resolve: resolve, state: make([]uint8, len(roots))}
	for i := range roots {
		if _, err := c.root(i); err != nil {
			return nil, err
		}
	}
	c.p.index()
	return c.p, nil
}

type compiler struct {
	p       *Program
	byHash  map[string]int
	input   []Root
	resolve func(string) int
	state   []uint8 // of roots: 1 under way, 2 done
}

func (c *compiler) root(i int) (int, error) {
	switch c.state[i] {
	case 2:
		return c.p.roots[i], nil
	case 1:
		return 0, carpel.Errorf(carpel.CodeCycle, "the segment %s refers to itself", c.input[i].ID)
	}
	c.state[i] = 1
	n, err := c.node(c.input[i].Condition)
	if err != nil {
		return 0, fmt.Errorf("segment %s: %w", c.input[i].ID, err)
	}
	c.p.roots[i], c.state[i] = n, 2
	return n, nil
}

// node returns the node of a condition, making it when it is new.
func (c *compiler) node(cond carpel.Condition) (int, error) {
	switch x := cond.(type) {
	case *carpel.Group:
		op := map[carpel.Quantifier]combination{carpel.AllOf: combineAll, carpel.AnyOf: combineAny, carpel.NoneOf: combineNone}[x.Quantifier]
		return c.combine(op, x.Of)
	case *carpel.Not:
		return c.combine(combineNone, []carpel.Condition{x.Of})
	case *carpel.InSegment:
		if i := c.resolve(x.Ref); i >= 0 {
			child, err := c.root(i)
			if err != nil {
				return 0, err
			}
			return c.add(fmt.Sprintf("ref %d", child), node{op: combineSame, children: []int{child}}), nil
		}
	}
	key := string(carpel.Canonical(cond))
	if n, ok := c.byHash[key]; ok {
		return n, nil
	}
	l, err := compileLeaf(cond, c.p.zone)
	if err != nil {
		return 0, err
	}
	return c.add(key, node{leaf: l}), nil
}

func (c *compiler) combine(op combination, of []carpel.Condition) (int, error) {
	n := node{op: op}
	for _, x := range of {
		child, err := c.node(x)
		if err != nil {
			return 0, err
		}
		n.children = append(n.children, child)
	}
	return c.add(fmt.Sprintf("%d %v", op, n.children), n), nil
}

func (c *compiler) add(key string, n node) int {
	if i, ok := c.byHash[key]; ok {
		return i
	}
	c.p.nodes = append(c.p.nodes, n)
	if n.leaf != nil {
		c.p.leaf[key] = len(c.p.nodes) - 1
	}
	c.byHash[key] = len(c.p.nodes) - 1
	return len(c.p.nodes) - 1
}

// compileLeaf compiles a condition that reads data.
func compileLeaf(cond carpel.Condition, zone *time.Location) (leaf, error) {
	switch x := cond.(type) {
	case *carpel.Attribute:
		return compileAttribute(x, zone)
	case *carpel.Activity:
		return compileActivity(x, zone)
	case *carpel.Device:
		return compileDevice(x, zone)
	case *carpel.Sequence:
		return compileSequence(x, zone)
	case *carpel.InSegment:
		return segmentLeaf{x.Ref}, nil
	case *carpel.Sample:
		return &sampleLeaf{x.Seed, x.Percent / 100}, nil
	}
	return nil, fmt.Errorf("a %T is no condition of a person", cond)
}

// index fills in who reads what.
func (p *Program) index() {
	p.parents, p.rootsOf = make([][]int, len(p.nodes)), make([][]int, len(p.nodes))
	for root, n := range p.roots {
		p.rootsOf[n] = append(p.rootsOf[n], root)
	}
	for i, n := range p.nodes {
		for _, child := range n.children {
			p.parents[child] = append(p.parents[child], i)
		}
		if n.leaf == nil {
			continue
		}
		r := n.leaf.reads()
		for _, t := range r.tables {
			p.byTable[t] = append(p.byTable[t], i)
		}
		if r.anyEvent {
			p.anyEvent = append(p.anyEvent, i)
		}
		for _, name := range r.attributes {
			p.byAttr[name] = append(p.byAttr[name], i)
		}
		if r.firstSeen {
			p.firstSeen = append(p.firstSeen, i)
		}
		if r.segment != "" {
			p.bySegment[r.segment] = append(p.bySegment[r.segment], i)
		}
	}
}

// State is what a program knows of one stripe: for every node the people who match, and when the passing of time alone
// would next change that. Owned by one goroutine at a time.
type State struct {
	Masks []block.Mask
	Next  []carpel.Millis

	people  block.Mask    // whom the masks are of
	due     carpel.Millis // not later than any of Next
	changed []int         // roots that may have changed; see [Program.Changed]
	all     bool          // every root may have
}

// NextDue returns a moment not later than the earliest at which time changes something; Never when it does not.
func (st *State) NextDue() carpel.Millis { return st.due }

// settle finds when the state is next due.
func (st *State) settle() {
	st.due = carpel.Never
	for _, n := range st.Next {
		st.due = min(st.due, n)
	}
}

// Size is the bytes that a state takes, about.
func (st *State) Size() int64 { return int64(len(st.Masks))*40 + 112 }

// Fill evaluates everything for every person of the stripe.
func (p *Program) Fill(src Source, now carpel.Millis) (*State, error) {
	return p.fill(ask{src: src, slots: src.People(), now: now, timers: true})
}

// FillExactly is Fill that reads every row, and whose moments are those at which something changes, none earlier.
func (p *Program) FillExactly(src Source, now carpel.Millis) (*State, error) {
	return p.fill(ask{src: src, slots: src.People(), now: now, timers: true, exact: true})
}

// Warm asks everything about one person and forgets the answers: what is kept with the chunks of somebody heavy is found
// before it is needed.
func (p *Program) Warm(src Source, slot uint8, now carpel.Millis) error {
	var one block.Mask
	one.Set(slot)
	_, err := p.fill(ask{src: src, slots: one, now: now, timers: true})
	return err
}

func (p *Program) fill(q ask) (*State, error) {
	st := &State{Masks: make([]block.Mask, len(p.nodes)), Next: make([]carpel.Millis, len(p.nodes)), people: q.slots, all: true}
	for i := range p.nodes {
		if err := p.full(q, st, i); err != nil {
			return nil, err
		}
	}
	st.settle()
	return st, nil
}

// full evaluates one node for every person.
func (p *Program) full(q ask, st *State, i int) (err error) {
	n := &p.nodes[i]
	st.Next[i] = carpel.Never
	if n.leaf == nil {
		st.Masks[i] = p.combined(st, n, q.slots)
		return nil
	}
	if q.slots.IsEmpty() {
		st.Masks[i] = block.Mask{}
		return nil
	}
	st.Masks[i], st.Next[i], err = n.leaf.eval(q)
	return err
}

// combined answers a combination from its children.
func (p *Program) combined(st *State, n *node, people block.Mask) block.Mask {
	switch n.op {
	case combineAll, combineSame:
		m := people
		for _, c := range n.children {
			m = m.And(st.Masks[c])
		}
		return m
	}
	var m block.Mask
	for _, c := range n.children {
		m = m.Or(st.Masks[c])
	}
	if n.op == combineNone {
		return people.AndNot(m)
	}
	return m.And(people)
}

// Touch is what changed in a stripe: people by what of theirs did.
type Touch struct {
	Tables     []TouchedTable // a table once
	Attributes map[string]block.Mask
	FirstSeen  block.Mask
	Whole      block.Mask            // everything of theirs
	Segments   map[string]block.Mask // members of segments that are read through the source
}

// marks are what an update has to look at: nodes, and for leaves the people. Used again from update to update; between
// them nothing is marked.
type marks struct {
	nodes []uint64     // a bit a node
	slots []block.Mask // by node
}

func (k *marks) markAll(leaves []int, m block.Mask) {
	if m.IsEmpty() {
		return
	}
	for _, i := range leaves {
		k.mark(i, m)
	}
}

func (k *marks) mark(i int, m block.Mask) {
	k.slots[i] = k.slots[i].Or(m)
	k.nodes[i>>6] |= 1 << (i & 63)
}

// marksOf returns marks of nothing.
func (p *Program) marksOf() *marks {
	k, _ := p.spare.Get().(*marks)
	if k == nil {
		k = &marks{nodes: make([]uint64, (len(p.nodes)+63)/64), slots: make([]block.Mask, len(p.nodes))}
	}
	return k
}

// touched marks the leaves whose data were touched.
func (p *Program) touched(k *marks, touch *Touch, now carpel.Millis, st *State) {
	for i := range touch.Tables {
		t := &touch.Tables[i]
		p.addition(k, p.byTable[t.Table], t, now, st)
		if t.Kind == EventTable || t.Kind == PageTable || t.Kind == ScreenTable {
			p.addition(k, p.anyEvent, t, now, st)
		}
	}
	for name, m := range touch.Attributes {
		k.markAll(p.byAttr[name], m)
	}
	k.markAll(p.firstSeen, touch.FirstSeen)
	for ref, m := range touch.Segments {
		k.markAll(p.bySegment[ref], m)
	}
}

// Update brings a state up to date: the leaves whose data were touched, for those people, the leaves that are due by
// time, for all, and the combinations above what changed. What is not people any more leaves every mask. After an error
// the state is of no more use.
func (p *Program) Update(src Source, touch *Touch, now carpel.Millis, st *State) error {
	people, k := src.People(), p.marksOf()
	p.touched(k, touch, now, st)
	if people != st.people || !touch.Whole.IsEmpty() || st.due <= now {
		for i := range p.nodes {
			n := &p.nodes[i]
			k.nodes[i>>6] |= 1 << (i & 63)
			p.change(k, i, st, st.Masks[i].And(people))
			if n.leaf != nil {
				k.slots[i] = k.slots[i].Or(touch.Whole)
				if st.Next[i] <= now {
					k.slots[i], st.Next[i] = people, carpel.Never
				}
			}
		}
		st.people = people
		defer st.settle()
	}
	for w := range k.nodes {
		for k.nodes[w] != 0 {
			i := w<<6 + bits.TrailingZeros64(k.nodes[w])
			k.nodes[w] &= k.nodes[w] - 1
			slots := k.slots[i].And(people)
			k.slots[i] = block.Mask{}
			m, err := p.renew(src, slots, now, st, i)
			if err != nil {
				return err
			}
			p.change(k, i, st, m)
		}
	}
	p.spare.Put(k)
	return nil
}

// change sets the answer of a node, and marks what depends on it when it is another one.
func (p *Program) change(k *marks, i int, st *State, m block.Mask) {
	if st.Masks[i] == m {
		return
	}
	st.Masks[i] = m
	st.changed = append(st.changed, p.rootsOf[i]...)
	for _, up := range p.parents[i] { // they come later
		k.nodes[up>>6] |= 1 << (up & 63)
	}
}

// renew answers one node anew: a leaf for the slots asked about.
func (p *Program) renew(src Source, slots block.Mask, now carpel.Millis, st *State, i int) (block.Mask, error) {
	n := &p.nodes[i]
	if n.leaf == nil {
		return p.combined(st, n, st.people), nil
	}
	if slots.IsEmpty() {
		return st.Masks[i], nil
	}
	m, next, err := n.leaf.eval(ask{src: src, slots: slots, now: now, timers: true})
	if err != nil {
		return m, err
	}
	st.Next[i] = min(st.Next[i], next)
	st.due = min(st.due, next)
	return st.Masks[i].AndNot(slots).Or(m), nil
}

// Changed calls fn for every root whose members may have changed since it was called last for the state: all of them the
// first time.
func (p *Program) Changed(st *State, fn func(root int)) {
	if st.all {
		for root := range p.roots {
			fn(root)
		}
	} else {
		for _, root := range st.changed {
			fn(root)
		}
	}
	st.all, st.changed = false, st.changed[:0]
}

// Members returns the people who match a root.
func (p *Program) Members(root int, st *State) block.Mask { return st.Masks[p.roots[root]] }

// Roots returns how many roots there are.
func (p *Program) Roots() int { return len(p.roots) }

// segmentLeaf is membership of a segment that the source answers for.
type segmentLeaf struct{ ref string }

func (l segmentLeaf) eval(q ask) (block.Mask, carpel.Millis, error) {
	return q.src.Segment(l.ref).And(q.slots), carpel.Never, nil
}

func (l segmentLeaf) reads() reads { return reads{segment: l.ref} }
