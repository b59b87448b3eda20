package carpel

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomText is a short text of few letters, among them those beyond ASCII that fold to ASCII.
func randomText(r *rand.Rand, most int) string {
	letters := []rune("aAkKsSbB1.@[{ßſ\u212aéÉ")
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// TestLiteral compares with texts folded first.
func TestLiteral(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		text, s, matchCase := randomText(r, 4), randomText(r, 6), r.IntN(2) == 0
		l := NewLiteral(text, matchCase)
		if !matchCase {
			text = Fold(text)
		}
		folded := s
		if !matchCase {
			folded = Fold(s)
		}
		if l.Is(s) != (folded == text) || l.Begins(s) != strings.HasPrefix(folded, text) || l.Ends(s) != strings.HasSuffix(folded, text) {
			t.Fatalf("%q and %q, match case %v: is %v, begins %v, ends %v", text, s, matchCase, l.Is(s), l.Begins(s), l.Ends(s))
		}
	}
}

// TestPatternSearches compares with looking at every alternative in turn.
func TestPatternSearches(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 200_000 {
		var alternatives []string
		for range 1 + r.IntN(4) {
			if text := randomText(r, 6); text != "" {
				alternatives = append(alternatives, []string{"", "*", "+"}[r.IntN(3)]+text+[]string{"", "", "*", "a+b"}[r.IntN(4)])
			}
		}
		if alternatives == nil {
			continue
		}
		src, text, matchCase := strings.Join(alternatives, "|"), randomText(r, 40), r.IntN(2) == 0
		p, err := CompilePattern(src, matchCase)
		if err != nil {
			t.Fatal(err)
		}
		want := false
		for _, a := range p.alternatives {
			want = want || match(a.pieces, p.fold(text), false)
		}
		if p.Contains(text) != want {
			t.Fatalf("%q in %q, match case %v: %v", src, text, matchCase, !want)
		}
		if want {
			found++
		}
		eachOf(t, r, p)
	}
	if found < 1000 {
		t.Errorf("only %d were there", found)
	}
}

// eachOf holds a pattern against texts behind each other, and by themselves.
func eachOf(t *testing.T, r *rand.Rand, p *Pattern) {
	var all string
	ends, is := []uint16{0}, []bool{false}
	for range r.IntN(6) {
		text := randomText(r, 12)
		all += text
		ends, is = append(ends, uint16(len(all))), append(is, p.Contains(text))
	}
	got := make([]bool, len(is))
	if p.ContainsEach(all, ends, func(i int) { got[i] = true }) && !slices.Equal(got, is) {
		t.Fatalf("%+v in %q, which end at %v: %v, want %v", p, all, ends, got, is)
	}
}

// TestSearchGivesUp has literals that are nearly there at every place of a text.
func TestSearchGivesUp(t *testing.T) {
	as := strings.Repeat("a", 400)
	p := mustPattern(t, as+"b|"+as+"c", false)
	text := strings.Repeat("A", 1<<20)
	if _, known := p.search.in(text); known {
		t.Error("it did not give up")
	}
	if p.Contains(text) || !p.Contains(text+"B") {
		t.Error("the answer is wrong")
	}
}
