package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
)

// terminal is where a command shows its answers.
type terminal struct {
	IO
	global
	command string // its words, with a blank behind
}

// with connects, runs the command and disconnects.
func (t *terminal) with(ctx context.Context, run func(c *client) error) error {
	c, err := t.connect(ctx)
	if err != nil {
		return err
	}
	return errors.Join(run(c), c.close())
}

// show prints an answer: indented JSON with -o json, else what table prints.
func (t *terminal) show(answer any, table func()) error {
	if t.Output != "json" {
		table()
		return nil
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	var indented any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&indented); err != nil {
		return err
	}
	enc := json.NewEncoder(t.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(indented)
}

// table prints rows below a header, in columns: those of numbers to the right.
func (t *terminal) table(header []string, rows [][]string) {
	width := make([]int, len(header))
	right := make([]bool, len(header))
	for i, h := range header {
		width[i] = utf8.RuneCountInString(h)
		right[i] = len(rows) > 0 && h != "ID" && h != "WHO" && h != "VALUE" // counts, not names
		for _, r := range rows {
			r[i] = printable(r[i])
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
			right[i] = right[i] && strings.Trim(r[i], "0123456789,.-% ") == ""
		}
	}
	for _, r := range append([][]string{header}, rows...) {
		var line strings.Builder
		for i, cell := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if right[i] {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		fmt.Fprintln(t.Out, strings.TrimRight(line.String(), " "))
	}
}

// printable keeps control characters of received data from reaching the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '�'
		}
		return r
	}, s)
}

// progress returns a bar on the error stream, of bytes when bytes is set. It draws only on a terminal.
func (t *terminal) progress(total int64, what string, bytes bool) *progressbar.ProgressBar {
	out := t.Err
	if !onTerminal(out) {
		out = io.Discard
	}
	return progressbar.NewOptions64(total, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(bytes),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100e6))
}

// onTerminal reports whether somebody reads what is written to w, and no log keeps it.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminal(f)
}

func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// number writes 1234567 as 1,234,567.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
