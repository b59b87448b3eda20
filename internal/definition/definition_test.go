package definition

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

func TestFromYAML(t *testing.T) {
	for _, tc := range []struct{ name, yaml, want string }{
		{"block", "all:\n  - attribute: plan\n    op: is\n    value: pro\n", `{"all":[{"attribute":"plan","op":"is","value":"pro"}]}`},
		{"list at the key's own column", "all:\n- a: 1\n- b: 2\n", `{"all":[{"a":1},{"b":2}]}`},
		{"flow", `{all: [{attribute: plan, op: is, value: "pro"}]}`, `{"all":[{"attribute":"plan","op":"is","value":"pro"}]}`},
		{"JSON is YAML", `{"a":{"b":[1,"x",true,null]}}`, `{"a":{"b":[1,"x",true,null]}}`},
		{"order of keys", "b: 1\na: 2\n", `{"b":1,"a":2}`},
		{"dates stay text", "from: 2026-03-01\nat: 2026-03-01T14:00:00Z\nb: 2026-03-01 14:00:00\nt: 12:30:45\n", `{"from":"2026-03-01","at":"2026-03-01T14:00:00Z","b":"2026-03-01 14:00:00","t":"12:30:45"}`},
		{"booleans", "[true, True, TRUE, false, False, FALSE]", `[true,true,true,false,false,false]`},
		{"no booleans", "[yes, no, on, off, y, n, Yes, NO]", `["yes","no","on","off","y","n","Yes","NO"]`},
		{"nulls", "a: null\nb: ~\nc:\nd: ''\n", `{"a":null,"b":null,"c":null,"d":""}`},
		{"numbers", "[42, -1, +5, 0, 1.50, .5, 5., 1e3, 1E-3, 0o17, 0xfF, 007, -0.0]", `[42,-1,5,0,1.50,0.5,5,1e3,1E-3,15,255,7,-0.0]`},
		{"digits are kept", "a: 9007199254740993\nb: 1234567890123456789012345678901234567890\nc: 0.1000000000000000055511\n",
			`{"a":9007199254740993,"b":1234567890123456789012345678901234567890,"c":0.1000000000000000055511}`},
		{"no numbers", "[1_000, 0b11, 1.2.3, '42', \"42\", 30d, 1e, -, 0o8, 0xg, 1 2]", `["1_000","0b11","1.2.3","42","42","30d","1e","-","0o8","0xg","1 2"]`},
		{"quoted words", `["true", 'null', "2026-03-01", '~']`, `["true","null","2026-03-01","~"]`},
		{"escapes", `"a\tb\u00e9\n\"\\"`, `"a\tbé\n\"\\"`},
		{"literal block", "text: |\n  plan is pro\n  and x is 1\n", `{"text":"plan is pro\nand x is 1\n"}`},
		{"folded block", "text: >-\n  plan is pro\n  and x is 1\n", `{"text":"plan is pro and x is 1"}`},
		{"plain over lines", "text: plan is pro\n  and x is 1\n", `{"text":"plan is pro and x is 1"}`},
		{"comments", "# why\na: 1 # here\n# there\nb: x#y\n", `{"a":1,"b":"x#y"}`},
		{"markers", "---\na: 1\n...\n", `{"a":1}`},
		{"byte order mark", "\ufeffa: 1\n", `{"a":1}`},
		{"keys are text", "1: a\ntrue: b\n\"x y\": c\n", `{"1":"a","true":"b","x y":"c"}`},
		{"patterns", "page: \"*checkout*\"\nlink: /pricing*\n", `{"page":"*checkout*","link":"/pricing*"}`},
		{"windows line ends", "a: 1\r\nb: x\r\n", `{"a":1,"b":"x"}`},
		{"unicode", "name: Zoë 漢字 😀\n", `{"name":"Zoë 漢字 😀"}`},
		{"empty ones", "a: []\nb: {}\n", `{"a":[],"b":{}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := FromYAML([]byte(tc.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFromYAMLRefuses(t *testing.T) {
	for _, tc := range []struct{ name, yaml, code, pointer, message string }{
		{"duplicate key", "a:\n  b: 1\n  b: 2\n", carpel.CodeDuplicateKey, "/a/b", "line 3, column 3"},
		{"duplicate key, quoted", "a: 1\n\"a\": 2\n", carpel.CodeDuplicateKey, "/a", "line 2"},
		{"duplicate key, flow", "{a: 1, a: 2}", carpel.CodeDuplicateKey, "/a", "line 1, column 8"},
		{"anchor", "a: &x 1\nb: 2\n", carpel.CodeInvalid, "", "anchor"},
		{"alias", "a: &x 1\nb: *x\n", carpel.CodeInvalid, "", "line 1"},
		{"alias alone", "page: *checkout*\n", carpel.CodeInvalid, "", "quotes"},
		{"tag", "a: !!str 1\n", carpel.CodeInvalid, "", "tag"},
		{"own tag", "a: !thing {b: 1}\n", carpel.CodeInvalid, "", "tag"},
		{"merge key", "a:\n  <<: {b: 1}\n", carpel.CodeInvalid, "", "merge"},
		{"two documents", "a: 1\n---\nb: 2\n", carpel.CodeInvalid, "", "second document"},
		{"directive", "%YAML 1.1\n---\na: 1\n", carpel.CodeInvalid, "", "directive"},
		{"complex key", "? [a, b]\n: 1\n", carpel.CodeInvalid, "", "key"},
		{"nothing", "", carpel.CodeInvalid, "", "nothing"},
		{"only a comment", "# nothing\n", carpel.CodeInvalid, "", "nothing"},
		{"infinity", "a: .inf\n", carpel.CodeNumberRange, "/a", "line 1"},
		{"not a number", "a: [1, .nan]\n", carpel.CodeNumberRange, "/a/1", "line 1"},
		{"beyond a float64", "a: 1e400\n", carpel.CodeNumberRange, "/a", "1e400"},
		{"many digits", "a: " + strings.Repeat("2", 1000), carpel.CodeNumberRange, "/a", "222"},
		{"many octal digits", "a: 0o" + strings.Repeat("7", 100_000), carpel.CodeNumberRange, "/a", "0o777"},
		{"not UTF-8", "a: \xff\n", carpel.CodeEncoding, "", "UTF-8"},
		{"NUL", "a: x\x00y\n", carpel.CodeEncoding, "", "U+0000"},
		{"open bracket", "a: [1, 2\n", carpel.CodeInvalid, "", "line"},
		{"open quote", "a: \"x\n", carpel.CodeInvalid, "", "line"},
		{"tab as indent", "a:\n\tb: 1\n", carpel.CodeInvalid, "", "line"},
		{"deep brackets", strings.Repeat("[", 100_000), carpel.CodeLimit, "", "64 deep"},
		{"deep braces", strings.Repeat("{a: ", 100_000), carpel.CodeLimit, "", "64 deep"},
		{"deep dashes", strings.Repeat("- ", 100_000) + "a", carpel.CodeLimit, "", "64 deep"},
		{"deep keys", deepKeys(100), carpel.CodeLimit, "", "64 deep"},
		{"large", strings.Repeat("# a\n", MaxBytes/4+1), carpel.CodeTooLarge, "", "it may have 1 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := FromYAML([]byte(tc.yaml))
			var e *carpel.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %s, %v", got, err)
			}
			if e.Code != tc.code || e.Pointer != tc.pointer || !strings.Contains(e.Message, tc.message) {
				t.Errorf("got code %s pointer %q message %q", e.Code, e.Pointer, e.Message)
			}
		})
	}
}

func deepKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestToYAML(t *testing.T) {
	in := `{"name":"Active trials","tags":["a","b"],"definition":{"all":[{"attribute":"plan","op":"is","value":"42"},{"event":"*","count":{"at_least":3}},[],{},[[1,2],[]]]},"on":"yes","d":"2026-03-01","n":null}`
	want := `name: Active trials
tags:
  - a
  - b
definition:
  all:
    - attribute: plan
      op: is
      value: "42"
    - event: "*"
      count:
        at_least: 3
    - []
    - {}
    - - - 1
        - 2
      - []
"on": "yes"
d: "2026-03-01"
"n": null
`
	got, err := ToYAML([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Fatal(diff)
	}
	back, err := FromYAML(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, string(back)); diff != "" {
		t.Error(diff)
	}
}

func TestToYAMLRefuses(t *testing.T) {
	for name, in := range map[string]string{"no JSON": "{", "more": "1 2", "deep": strings.Repeat("[", 200) + "1" + strings.Repeat("]", 200), "empty": ""} {
		if got, err := ToYAML([]byte(in)); carpel.ErrorCode(err) == carpel.CodeInternal || err == nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// FuzzYAML shows that hostile YAML never panics, and that what is accepted survives ToYAML and FromYAML.
func FuzzYAML(f *testing.F) {
	for _, s := range []string{"a: 1\n", "- a\n- b: [x, {y: z}]\n", "a: |\n  x\n", "{", "a: &x *x", "? a\n: b\n", "\"\\u2028\"", "a: 'x\n\n  y'\n", "- - - a", "a: \"\\x7f\"", "text: >+\n x\n\n", "a: 1 #c\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := FromYAML(data)
		if err != nil {
			var e *carpel.Error
			if !errors.As(err, &e) {
				t.Fatalf("not ours: %v", err)
			}
			return
		}
		if !json.Valid(got) {
			t.Fatalf("not JSON: %q", got)
		}
		checkRound(t, got)
	})
}

// FuzzJSON shows that every JSON value, within the limits, survives ToYAML and FromYAML.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`"a b"`, `{"a":[{"b":1}]}`, `"\u0085\u2028"`, `"- x"`, `"x: y"`, `"x #y"`, `"\u007f😀\ufeff"`, `["",[],{}]`, `{"":1}`, `"x\ny"`, `" x"`, `{"a b":{"c":[[1]]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var compact bytes.Buffer
		if json.Compact(&compact, data) != nil {
			return
		}
		checkRound(t, compact.Bytes())
	})
}

func checkRound(t *testing.T, in []byte) {
	t.Helper()
	y, err := ToYAML(in)
	if err != nil {
		return // too deep
	}
	back, err := FromYAML(y)
	switch carpel.ErrorCode(err) {
	case carpel.CodeLimit, carpel.CodeTooLarge, carpel.CodeNumberRange, carpel.CodeDuplicateKey:
		return
	}
	if err != nil {
		t.Fatalf("%q became %q: %v", in, y, err)
	}
	if !sameJSON(t, in, back) {
		t.Fatalf("%q became %q became %q", in, y, back)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	decode := func(data []byte) (x any) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&x); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		return x
	}
	return cmp.Equal(decode(a), decode(b))
}
