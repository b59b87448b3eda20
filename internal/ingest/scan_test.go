package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

// TestScanRefuses holds every fault of a text against its code, its pointer and its limit.
func TestScanRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33)
	manyKeys := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"p":{`)
		for i := range n {
			fmt.Fprintf(&b, `%s"k%d":1`, map[bool]string{true: ","}[i > 0], i)
		}
		return b.String() + `}}`
	}
	for _, c := range []struct {
		name, in      string
		fatal         bool
		code, pointer string
		limit, actual int64
	}{
		{name: "nothing", in: ``, fatal: true, code: carpel.CodeInvalid},
		{name: "blanks", in: `  `, fatal: true, code: carpel.CodeInvalid},
		{name: "cut off", in: `{"a":`, fatal: true, code: carpel.CodeInvalid},
		{name: "cut off in a text", in: `{"a":"b`, fatal: true, code: carpel.CodeInvalid},
		{name: "cut off in an escape", in: `"\`, fatal: true, code: carpel.CodeInvalid},
		{name: "cut off in a surrogate", in: `"\ud83`, fatal: true, code: carpel.CodeInvalid},
		{name: "two values", in: `{} {}`, fatal: true, code: carpel.CodeInvalid},
		{name: "trailing comma", in: `{"a":1,}`, fatal: true, code: carpel.CodeInvalid},
		{name: "trailing comma in a list", in: `[1,]`, fatal: true, code: carpel.CodeInvalid},
		{name: "no comma", in: `[1 2]`, fatal: true, code: carpel.CodeInvalid},
		{name: "wrong end", in: `{"a":[1}`, fatal: true, code: carpel.CodeInvalid},
		{name: "bare key", in: `{a:1}`, fatal: true, code: carpel.CodeInvalid},
		{name: "no colon", in: `{"a" 1}`, fatal: true, code: carpel.CodeInvalid},
		{name: "single quotes", in: `{'a':1}`, fatal: true, code: carpel.CodeInvalid},
		{name: "comment", in: `{/**/}`, fatal: true, code: carpel.CodeInvalid},
		{name: "NaN", in: `{"a":NaN}`, fatal: true, code: carpel.CodeInvalid},
		{name: "Infinity", in: `{"a":-Infinity}`, fatal: true, code: carpel.CodeInvalid},
		{name: "leading zero", in: `{"a":01}`, fatal: true, code: carpel.CodeInvalid},
		{name: "leading plus", in: `{"a":+1}`, fatal: true, code: carpel.CodeInvalid},
		{name: "bare point", in: `{"a":1.}`, fatal: true, code: carpel.CodeInvalid},
		{name: "bare exponent", in: `{"a":1e}`, fatal: true, code: carpel.CodeInvalid},
		{name: "hexadecimal", in: `{"a":0x10}`, fatal: true, code: carpel.CodeInvalid},
		{name: "half a word", in: `{"a":tru}`, fatal: true, code: carpel.CodeInvalid},
		{name: "raw control character", in: "{\"a\":\"\n\"}", fatal: true, code: carpel.CodeInvalid},
		{name: "raw NUL", in: "{\"a\":\"\x00\"}", fatal: true, code: carpel.CodeInvalid},
		{name: "unknown escape", in: `{"a":"\x41"}`, fatal: true, code: carpel.CodeInvalid},
		{name: "bad hexadecimal", in: `{"a":"\u00g0"}`, fatal: true, code: carpel.CodeInvalid},
		{name: "depth", in: deep, fatal: true, code: carpel.CodeLimit, pointer: strings.Repeat("/a", 31), limit: 32, actual: 33},
		{name: "depth of a bomb", in: strings.Repeat("[", 60_000), fatal: true, code: carpel.CodeLimit, pointer: strings.Repeat("/0", 31), limit: 32, actual: 33},
		{name: "size of an item", in: `"` + strings.Repeat("a", carpel.MaxItem) + `"`, fatal: true, code: carpel.CodeTooLarge, limit: carpel.MaxItem, actual: carpel.MaxItem + 2},

		{name: "the same key twice", in: `{"p":{"a":1,"b":2,"a":3}}`, code: carpel.CodeDuplicateKey, pointer: "/p/a"},
		{name: "the same key written differently", in: `{"ab":1,"\u0061b":2}`, code: carpel.CodeDuplicateKey, pointer: "/ab"},
		{name: "the same key deep in a list", in: `{"p":[[{"x":1,"x":1}]]}`, code: carpel.CodeDuplicateKey, pointer: "/p/0/0/x"},
		{name: "invalid UTF-8", in: "{\"a\":\"\xff\"}", code: carpel.CodeEncoding, pointer: "/a"},
		{name: "overlong UTF-8", in: "{\"a\":\"\xc0\xaf\"}", code: carpel.CodeEncoding, pointer: "/a"},
		{name: "a surrogate in UTF-8", in: "{\"a\":\"\xed\xa0\x80\"}", code: carpel.CodeEncoding, pointer: "/a"},
		{name: "invalid UTF-8 in a key", in: "{\"p\":{\"\xff\":1}}", code: carpel.CodeEncoding, pointer: "/p"},
		{name: "lone high surrogate", in: `{"a":["b","\ud83d"]}`, code: carpel.CodeEncoding, pointer: "/a/1"},
		{name: "lone low surrogate", in: `{"a":"\ude00"}`, code: carpel.CodeEncoding, pointer: "/a"},
		{name: "two high surrogates", in: `{"a":"\ud83d\ud83d"}`, code: carpel.CodeEncoding, pointer: "/a"},
		{name: "NUL", in: `{"a~b/c":"\u0000"}`, code: carpel.CodeEncoding, pointer: "/a~0b~1c"},
		{name: "a number out of range", in: `{"a":1e400}`, code: carpel.CodeNumberRange, pointer: "/a"},
		{name: "a negative number out of range", in: `{"a":-1E+309}`, code: carpel.CodeNumberRange, pointer: "/a"},
		{name: "a long number out of range", in: `{"a":` + strings.Repeat("9", 400) + `}`, code: carpel.CodeNumberRange, pointer: "/a"},
		{name: "too many keys", in: manyKeys(1001), code: carpel.CodeLimit, pointer: "/p", limit: 1000, actual: 1001},
		{name: "many keys", in: manyKeys(1000)},
		{name: "many keys, one twice", in: strings.Replace(manyKeys(1000), `"k999"`, `"k1"`, 1), code: carpel.CodeDuplicateKey, pointer: "/p/k1"},
		{name: "case variants are two keys", in: `{"a":1,"A":2}`},
		{name: "depth of 32", in: strings.Repeat(`[`, 32) + strings.Repeat("]", 32)},
		{name: "a byte order mark", in: "\ufeff{}"},
		{name: "a number too small", in: `{"a":1e-400}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Scan([]byte(c.in), "")
			if !c.fatal && err == nil {
				err = d.Fault()
			} else if !c.fatal {
				t.Fatalf("ended with %v; want the fault of an item", err)
			}
			if c.code == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("was taken")
			}
			got := carpel.Error{Code: err.Code, Pointer: err.Pointer, Limit: err.Limit, Actual: err.Actual}
			if diff := cmp.Diff(carpel.Error{Code: c.code, Pointer: c.pointer, Limit: c.limit, Actual: c.actual}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestScanItems holds the limits and faults of the items of a batch.
func TestScanItems(t *testing.T) {
	d, err := Scan([]byte(`{"batch":[{"a":1},{"p":{"x":"\ud800","y":1e999}},{"b":2,"b":3},[1e400]],"z":{"k":1,"k":2}}`), "batch")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range 4 {
		if f := d.ItemFault(i); f != nil {
			got = append(got, fmt.Sprint(i, f.Code, f.Pointer))
		}
	}
	got = append(got, fmt.Sprint(d.Fault().Code, d.Fault().Pointer))
	want := []string{"1encoding/p/x", "2duplicate_key/b", "3number_range/0", "duplicate_key/z/k"}
	for i := range want {
		want[i] = strings.NewReplacer("1e", "1 e", "2d", "2 d", "3n", "3 n").Replace(want[i])
	}
	norm := func(s []string) string { return strings.ReplaceAll(strings.Join(s, "\n"), " ", "") }
	if diff := cmp.Diff(norm(want), norm(got)); diff != "" {
		t.Error(diff)
	}

	item := `{"a":"` + strings.Repeat("x", carpel.MaxItem) + `"}`
	_, err = Scan([]byte(`{"batch":[{},`+item+`]}`), "batch")
	if err == nil || err.Code != carpel.CodeTooLarge || err.Pointer != "/batch/1" || err.Limit != carpel.MaxItem {
		t.Errorf("large item: %+v", err)
	}
	many := `{"batch":[` + strings.Repeat(`0,`, carpel.MaxItems) + `0]}`
	_, err = Scan([]byte(many), "batch")
	if err == nil || err.Code != carpel.CodeLimit || err.Pointer != "/batch" || err.Limit != carpel.MaxItems {
		t.Errorf("many items: %+v", err)
	}
	if d, err = Scan([]byte(strings.Replace(many, "0,", "", 1)), "batch"); err != nil {
		t.Errorf("as many items as may be: %v", err)
	}
	n := 0
	for range d.Root().Get("batch").Items() {
		n++
	}
	if n != carpel.MaxItems {
		t.Errorf("%d items", n)
	}
}

// TestValues holds what the scanner makes of values against carpel.JSONValue.
func TestValues(t *testing.T) {
	for _, in := range []string{
		`null`, `true`, `false`, `""`, `"a"`, `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, `"é😀"`, `"\u2028\u007f"`, "\"\u2028\"",
		`0`, `-0`, `1`, `1.0`, `-1.5e3`, `1e-7`, `123456789012345`, `9007199254740993`, `1234567890123456789012345678901234567890`, `0.1`, `1E2`, `12345678901234.5`,
		`[]`, `{}`, `[ 1 , "a" ]`, `{"b":1,"a":{"d":[1.0,{"z":null,"y":"\u0041"}],"c":true}}`, `{"a":"é","b":"<&>"}`, "{\"a\":\"\u2029\"}",
		`{ "a" : [ ] , "b" : { } }`, `{"\u0062":1,"a":"\/"}`, `[[[[[[[[1]]]]]]]]`, `{"a":{"b":{"c":{"d":{"e":{"f":{"h":1,"g":2}}}}}}}`,
	} {
		want, err := carpel.JSONValue([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		for _, outer := range []string{`{"x":%s}`, ` {"x": %s } `} {
			d, serr := Scan(fmt.Appendf(nil, outer, in), "")
			if serr != nil {
				t.Errorf("%s: %v", in, serr)
				continue
			}
			if got := d.Root().Get("x").Value(); got != want {
				t.Errorf("%s: got %#v, want %#v", in, got, want)
			}
		}
	}
}

// FuzzScan holds the scanner against encoding/json and carpel.JSONValue: what we take, they read alike; what they
// refuse, we refuse.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":"\ud83d\ude00"}],"c":1e5}`, `{"batch":[{"type":"track","properties":{"a":1.50,"b":null}}]}`, `[`, `{"a":1,"a":2}`, "\"\xff\"", `"\u0000"`, `1e400`, ` { } `, "{\"z\":\"\u2028\",\"a\":[]}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Scan(data, "")
		if bytes.HasPrefix(data, []byte("\ufeff")) || len(data) > carpel.MaxItem {
			return
		}
		valid := json.Valid(data)
		if err != nil {
			if valid && err.Code == carpel.CodeInvalid {
				t.Fatalf("%q is JSON, but: %v", data, err)
			}
			return
		}
		if !valid {
			t.Fatalf("%q is not JSON, but was taken", data)
		}
		if d.Fault() != nil {
			return
		}
		want, jerr := carpel.JSONValue(data)
		if jerr != nil {
			t.Fatalf("%q was taken, but: %v", data, jerr)
		}
		if got := d.Root().Value(); got != want {
			t.Fatalf("%q: got %#v, want %#v", data, got, want)
		}
		for key, v := range want.Fields() {
			if got := d.Root().Get(key).Value(); got != v {
				t.Fatalf("%q: field %q: got %#v, want %#v", data, key, got, v)
			}
		}
		if b, err := Scan(data, "batch"); err == nil {
			for i, n := range b.Root().Get("batch").Items() {
				if got, want := n.Value(), want.Fields()["batch"].Items()[i]; got != want {
					t.Fatalf("%q: item %d: got %#v, want %#v", data, i, got, want)
				}
			}
		}
	})
}
