// Command planted checks the checks: it puts known bugs, one after the other, into a copy of the tree, and demands that
// the tests named in each patch fail. A bug that no test catches, a patch that does not apply any more, and a bug with
// which the tests do not compile are failures. The checkout itself is never touched. From the root of the repository:
//
//	go run ./test/planted                 every bug
//	go run ./test/planted -only zone      those whose file name matches
//
// A patch is a file test/planted/NAME.patch: any words, a line `Breaks: ` with what the bug is, a line `Fails: ` with the
// arguments of `go test` that must fail, and the diff. Keep the hunks small (git diff -U1), so that they go on to apply.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "plant the bugs alone whose file name matches this regular expression")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "there is no argument %q; see -h\n", flag.Arg(0))
		os.Exit(2)
	}
	caught, all, err := plantAll(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "planted:", err)
		os.Exit(2)
	}
	fmt.Printf("\n%d/%d caught\n", caught, all)
	fmt.Printf("TORTURE\tplanted bugs\t%d bugs\t%d\t%d/%d caught\n", all, all-caught, caught, all)
	if caught != all || all == 0 {
		os.Exit(1)
	}
}

// bug is a patch.
type bug struct {
	name, breaks string
	fails        []string // arguments of go test
	patch        []byte
}

func plantAll(only string) (caught, all int, err error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return 0, 0, err
	}
	bugs, err := readBugs(pattern)
	if err != nil {
		return 0, 0, err
	}
	tree, err := copyTree()
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(tree)
	sound := map[string]string{} // what a command came to without any bug
	for _, b := range bugs {
		started := time.Now()
		verdict := b.try(tree, sound)
		if verdict == "" {
			caught++
			verdict = "caught"
		}
		fmt.Printf("%-28s %6s  %-40s %s\n", b.name, time.Since(started).Round(time.Second), verdict, b.breaks)
	}
	return caught, len(bugs), nil
}

func readBugs(pattern *regexp.Regexp) ([]bug, error) {
	files, err := filepath.Glob("test/planted/*.patch")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no test/planted/*.patch here: start me at the root of the repository (%v)", err)
	}
	var all []bug
	for _, file := range files {
		b := bug{name: strings.TrimSuffix(filepath.Base(file), ".patch")}
		if !pattern.MatchString(b.name) {
			continue
		}
		if b.patch, err = os.ReadFile(file); err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b.patch)) {
			if text, ok := strings.CutPrefix(line, "Breaks: "); ok {
				b.breaks = strings.TrimSpace(text)
			}
			if text, ok := strings.CutPrefix(line, "Fails: "); ok {
				b.fails = strings.Fields(text)
			}
		}
		if b.breaks == "" || len(b.fails) == 0 {
			return nil, fmt.Errorf("%s lacks its lines Breaks: and Fails:", file)
		}
		all = append(all, b)
	}
	return all, nil
}

// copyTree copies what git knows, and what it does not ignore, into a new directory.
func copyTree() (string, error) {
	tree, err := os.MkdirTemp("", "planted-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("bash", "-c", "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "+tree).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("copy the tree: %v: %s", err, out)
	}
	return tree, nil
}

// try plants a bug and takes it out again. It returns why the bug is not caught; "" when it is.
func (b bug) try(tree string, sound map[string]string) string {
	command := strings.Join(b.fails, " ")
	if _, known := sound[command]; !known {
		sound[command] = ""
		if out, err := goTest(tree, b.fails); err != nil {
			sound[command] = "FAILS WITHOUT IT: " + firstFailure(out)
		}
	}
	if sound[command] != "" {
		return sound[command]
	}
	if out, err := apply(tree, b.patch); err != nil {
		return "DOES NOT APPLY: " + firstLine(out)
	}
	out, err := goTest(tree, b.fails)
	if back, err := apply(tree, b.patch, "-R"); err != nil {
		return "CANNOT BE TAKEN OUT: " + firstLine(back)
	}
	switch {
	case err == nil:
		return "NOT CAUGHT"
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		return "DOES NOT COMPILE: " + firstLine(out)
	case !failed.Match(out):
		return "NO TEST FAILED: " + firstLine(out)
	}
	return ""
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)|^panic: `)

func firstFailure(out []byte) string { return strings.TrimSpace(string(failed.Find(out))) }

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

func goTest(tree string, args []string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"test", "-count=1", "-timeout=20m"}, args...)...)
	cmd.Dir = tree
	return cmd.CombinedOutput()
}

// apply applies a patch in a directory that is no repository.
func apply(tree string, patch []byte, flags ...string) ([]byte, error) {
	cmd := exec.Command("git", append([]string{"apply", "--whitespace=nowarn"}, flags...)...)
	cmd.Dir, cmd.Stdin = tree, bytes.NewReader(patch)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(tree))
	return cmd.CombinedOutput()
}
