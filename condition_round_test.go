package carpel

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkRound shows that a valid condition survives its canonical form and its text form, and has a sentence.
func checkRound(t *testing.T, c Condition) {
	t.Helper()
	if err := Validate(c); err != nil {
		t.Fatalf("not valid: %v\n%s", err, describe(c))
	}
	canonical := Canonical(c)
	back, err := ParseCondition(canonical)
	if err != nil {
		t.Fatalf("the canonical form is refused: %v\n%s", err, describe(c))
	}
	if !reflect.DeepEqual(c, back) {
		diff := cmp.Diff(c, back, cmp.AllowUnexported(Value{}))
		t.Fatalf("the canonical form is another condition:\n%s\n%s", diff, describe(c))
	}
	if !bytes.Equal(canonical, Canonical(back)) {
		t.Fatalf("the canonical form is not stable:\n%s\n%s", canonical, Canonical(back))
	}
	text := FormatText(c)
	if back, err = ParseText(text); err != nil {
		t.Fatalf("the text form is refused: %v\n%s", err, describe(c))
	}
	if !reflect.DeepEqual(c, back) {
		diff := cmp.Diff(c, back, cmp.AllowUnexported(Value{}))
		t.Fatalf("the text form is another condition:\n%s\n%s", diff, describe(c))
	}
	odd := func(s, part string) bool {
		return strings.Contains(s, part) && !strings.Contains(string(canonical), part)
	}
	if s := Sentence(c); s == "" || odd(s, "  ") || odd(s, "%!") {
		t.Fatalf("the sentence is odd: %q\n%s", s, canonical)
	}
	Walk(c, func(pointer string, n Condition) bool {
		if NodeSentence(n) == "" {
			t.Fatalf("no sentence at %s\n%s", pointer, canonical)
		}
		return true
	})
	Lint(c)
}

func TestRandomConditions(t *testing.T) {
	for seed := range uint64(3_000) {
		checkRound(t, newRandom(seed).condition(1))
	}
}

// FuzzParseCondition shows that no input panics, that faults are ours, and that what is accepted survives its forms.
func FuzzParseCondition(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(Canonical(newRandom(seed).condition(1)))
	}
	for _, s := range []string{`{"all":[]}`, `{"not":{"not":{"attribute":"a","op":"exists"}}}`, `{"event":"x","where":[{"property":"p","op":"is","value":1e2}]}`, `[`, `{"attribute":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCondition(data)
		if err != nil {
			if ErrorCode(err) == CodeInternal {
				t.Fatalf("not ours: %v", err)
			}
			return
		}
		checkRound(t, c)
	})
}

// FuzzParseText is the same for the text form.
func FuzzParseText(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(FormatText(newRandom(seed).condition(1)))
	}
	for _, s := range []string{"plan is pro", "purchased 3 times last 30 days", "((((", "not not not", "did not x", "has a", "is is is", "opened an email last week", "x more than 3 times", "“a” is 'b'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseText(text)
		if err != nil {
			if ErrorCode(err) == CodeInternal {
				t.Fatalf("not ours: %v", err)
			}
			return
		}
		checkRound(t, c)
	})
}

func BenchmarkParseCondition(b *testing.B) {
	data := Canonical(newRandom(7).condition(1))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := ParseCondition(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseText(b *testing.B) {
	text := FormatText(newRandom(7).condition(1))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := ParseText(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLargeList(b *testing.B) {
	a := &Attribute{Name: "city", Test: Test{Op: OpIsAnyOf}}
	for range MaxListValues {
		a.Test.Values = append(a.Test.Values, TextValue("Some City"))
	}
	text, data := FormatText(a), Canonical(a)
	for b.Loop() {
		if _, err := ParseText(text); err != nil {
			b.Fatal(err)
		}
		if _, err := ParseCondition(data); err != nil {
			b.Fatal(err)
		}
	}
}
