package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// toText makes plain text of HTML: links as "text (address)", pictures as what they say, lists with hyphens, a blank
// line around paragraphs and headings. What is hidden is left out. Marks of Liquid (see [mark]) stay where they are, and
// all tags among them are kept, even of what is left out: the text runs the same program.
func toText(page string) string { return newTexter(nil).convert(page) }

// texter makes plain text. It reads tag by tag, so that neither depth nor broken HTML is a matter to it.
type texter struct {
	known  []token // of marks, by their number
	out    strings.Builder
	breaks int  // line breaks due before the next text
	space  bool // a space is due before the next text
	began  bool // there is text already
	given  int  // line breaks written since the last text
	blocks []block
	last   atom.Atom // the tag before

	hidden      atom.Atom // the element that everything in is left out of; 0 for none
	hiddenName  string
	hiddenDepth int
	pre         int

	href  string // of the link under way; "" for none
	label int    // where its text begins in out
}

func newTexter(known []token) *texter { return &texter{known: known} }

func (t *texter) convert(page string) string {
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			t.endLink()
			return tidy(t.out.String())
		case html.TextToken:
			raw := string(z.Raw()) // before Text, which changes it
			if t.hiddenName != "" {
				t.keepTags(raw)
			} else {
				t.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			token := z.Token()
			t.start(token, raw)
		case html.EndTagToken:
			raw := string(z.Raw())
			t.end(z.Token())
			t.keepTags(raw)
		default: // comments, with what Outlook alone shows
			t.keepTags(string(z.Raw()))
		}
	}
}

// keepTags keeps the tags of Liquid of something that is left out.
func (t *texter) keepTags(raw string) {
	for raw != "" {
		_, i, after, ok := cutMark(raw)
		if ok && i < len(t.known) && t.known[i].kind == tagToken {
			t.tag(i)
		}
		raw = after
	}
}

// voids are the elements without an end tag.
func isVoid(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}

func (t *texter) start(tag html.Token, raw string) {
	if t.hiddenName != "" {
		if tag.Data == t.hiddenName && tag.Type == html.StartTagToken {
			t.hiddenDepth++
		}
		t.keepTags(raw)
		return
	}
	if hides(tag) {
		t.keepTags(raw)
		if !isVoid(tag.Data) && tag.Type == html.StartTagToken {
			t.hiddenName, t.hiddenDepth = tag.Data, 1
		}
		return
	}
	t.around(tag.DataAtom, tag.Type)
	text := "" // the attribute that is shown
	switch tag.DataAtom {
	case atom.Br:
		t.out.WriteByte('\n')
		t.space = false
	case atom.Hr:
		t.write("---")
		t.breaks = 2
	case atom.Li:
		t.write("- ")
	case atom.Pre:
		t.pre++
	case atom.Img:
		text = "alt"
		t.text(attribute(tag, text))
	case atom.A:
		text = "href"
		t.endLink()
		t.href, t.label = strings.TrimSpace(attribute(tag, text)), t.out.Len()
	}
	for _, a := range tag.Attr {
		if t.keepTags(a.Key); a.Key != text {
			t.keepTags(a.Val)
		}
	}
}

func (t *texter) end(tag html.Token) {
	if t.hiddenName != "" {
		if tag.Data == t.hiddenName {
			if t.hiddenDepth--; t.hiddenDepth == 0 {
				t.hiddenName = ""
			}
		}
		return
	}
	t.around(tag.DataAtom, tag.Type)
	switch tag.DataAtom {
	case atom.A:
		t.endLink()
	case atom.Pre:
		t.pre = max(0, t.pre-1)
	}
}

// around is what an element asks for around it.
func (t *texter) around(element atom.Atom, as html.TokenType) {
	switch element {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Table, atom.Blockquote, atom.Hr, atom.Pre, atom.Dl:
		t.breaks = 2
	case atom.Div, atom.Tr, atom.Li, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Body, atom.Dt, atom.Dd, atom.Form, atom.Main:
		t.breaks = max(t.breaks, 1)
	case atom.Td, atom.Th:
		t.space = true
	}
	// Layouts are tables, in whose cells a div is a paragraph.
	if element == atom.Div && t.last == atom.Td && as == html.StartTagToken || element == atom.Td && t.last == atom.Div && as == html.EndTagToken {
		t.breaks = 2
	}
	t.last = element
}

// endLink writes the address behind the text of a link, unless that says it.
func (t *texter) endLink() {
	href := t.href
	if t.href = ""; href == "" || strings.HasPrefix(href, "#") {
		t.keepTags(href)
		return
	}
	label := strings.TrimSpace(t.out.String()[t.label:])
	bare := strings.TrimPrefix(strings.TrimPrefix(href, "mailto:"), "tel:")
	switch {
	case label == href || label == bare:
	case label == "":
		t.write(bare)
	default:
		t.space = false
		t.out.WriteString(" (" + bare + ")")
	}
}

// text adds a text, with what of Liquid is in it.
func (t *texter) text(s string) {
	for s != "" {
		before, i, after, ok := cutMark(s)
		t.words(before)
		switch {
		case !ok || i >= len(t.known):
		case t.known[i].kind != tagToken:
			t.write(markOf(i))
		default:
			t.tag(i)
		}
		s = after
	}
}

// tag adds a tag of Liquid. The breaks that are due come before a block, so that each of its branches begins alike and what
// follows does as well; a branch that asks for them once more does not get them twice.
func (t *texter) tag(i int) {
	name := t.known[i].name
	n := len(t.blocks) - 1
	switch {
	case name == "for" || name == "tablerow":
		t.write("")
		t.given = 0 // the second turn of a loop does not begin behind the breaks
		t.blocks = append(t.blocks, block{})
	case name == "if" || name == "unless" || name == "case" || name == "capture":
		t.write("")
		t.blocks = append(t.blocks, block{given: t.given})
	case n >= 0 && strings.HasPrefix(name, "end"):
		t.breaks, t.given = max(t.breaks, t.blocks[n].after), 0
		t.blocks = t.blocks[:n]
	case n >= 0 && isEnd(name):
		t.blocks[n].after = max(t.blocks[n].after, t.breaks)
		t.breaks, t.space, t.given = 0, false, t.blocks[n].given
	}
	t.began = t.began || len(t.blocks) > 0 // another turn, or another branch, may have come before
	t.out.WriteString(markOf(i))
}

// block is a block of Liquid that is open.
type block struct {
	given int // line breaks written right before it
	after int // line breaks due behind one of its branches
}

// words adds a text with its spaces run together, as browsers show it.
func (t *texter) words(s string) {
	if t.pre > 0 && s != "" {
		t.write(s)
		return
	}
	for s != "" {
		n := strings.IndexFunc(s, special)
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			t.write(s[:n])
		}
		for s = s[n:]; s != ""; {
			c, size := utf8.DecodeRuneInString(s)
			if !special(c) {
				break
			}
			t.space = t.space || unicode.IsSpace(c)
			s = s[size:]
		}
	}
}

// special reports whether a sign is a space, or a filler that is not seen.
func special(c rune) bool {
	return unicode.IsSpace(c) || c == '\u00ad' || c == '\u200b' || c == '\u200c' || c == '\u034f' || c == '\ufeff'
}

// write adds to the text, behind the breaks or the space that are due.
func (t *texter) write(s string) {
	due := 0
	switch {
	case !t.began:
	case t.breaks > 0:
		due = max(0, t.breaks-t.given)
		t.out.WriteString("\n\n"[:due])
	case t.space:
		t.out.WriteByte(' ')
	}
	t.began, t.breaks, t.space = t.began || s != "", 0, false
	if t.given = max(t.given, due); s != "" {
		t.given = 0
	}
	t.out.WriteString(s)
}

// hides reports whether an element is not shown, with all that is in it.
func hides(tag html.Token) bool {
	switch tag.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Noscript:
		return true
	}
	for _, a := range tag.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key == "style" && strings.Contains(strings.ReplaceAll(strings.ToLower(a.Val), " ", ""), "display:none") {
			return true
		}
	}
	return false
}

func attribute(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// tidy takes the spaces off the ends of lines, makes one of several, and leaves one blank line where there are more.
func tidy(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 1)
	blank := 0
	for line := range strings.Lines(s) {
		line = strings.ReplaceAll(strings.TrimRightFunc(line, unicode.IsSpace), " ()", "") // of a link without an address
		if line == "" {
			blank++
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n"[:1+min(blank, 1)])
		}
		blank = 0
		for line != "" {
			before, after, _ := strings.Cut(line, "  ")
			b.WriteString(before)
			if line = strings.TrimLeft(after, " "); line != "" {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}
