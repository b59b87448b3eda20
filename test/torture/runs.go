package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// runs is everything there is, for a share of its numbers. A new kind of harm is a line here.
func runs(scale float64) ([]run, error) {
	n := func(all int) string { return fmt.Sprint(max(1, int(float64(all)*scale))) }
	test := func(name, pkg, pattern string, flags ...string) run {
		args := append([]string{"test", pkg, "-run", "^" + pattern + "$", "-count=1", "-v", "-timeout", "24h"}, flags...)
		return run{name: name, args: args}
	}
	race := test("race", "./internal/engine/stripes", "Test(RandomInMemory|AllAtOnce|CloseDuringAllOfIt)", "-race", "-enginetest.comparisons", n(100_000))
	race.race = true
	all := []run{
		// The process and the machine.
		test("kill", "./test/crash", "TestKill", "-kills", n(1000)),
		test("power", "./internal/server", "TestPowerCuts", "-cuts", n(5000), "-cuts.seed", "2"),
		test("power of the engine", "./internal/engine/stripes", "TestPowerCuts", "-engine.crashes", n(5000)),
		test("faults", "./internal/server", "TestFaultAtEveryCall", "-faults", n(200)),
		test("disk", "./test/crash", "TestFullDisk"),
		test("flips", "./internal/server", "TestFlippedBit", "-flips", n(200)),
		test("clock", "./internal/server", "TestClockJumps"),
		// Too much, too slow, somebody else's.
		test("overload", "./internal/compat", "TestGate.*"),
		test("clients", "./internal/server", "Test(SlowClients|SteadyClients)"),
		test("tenants", "./internal/server", "Test(Canaries|OtherWorkspace|Authorisation|NothingPersonal)"),
		test("questions", "./internal/api", "TestPlaces"),
		test("backup", "./test/crash", "TestBackups", "-backups", n(100)),
		test("upgrade", "./test/upgrade", "Test.*"),
		// What the answers mean.
		test("metamorphic", "./internal/engine/stripes", "TestMetamorphic", "-enginetest.variants", n(100_000)),
		test("differential", "./internal/engine/stripes", "TestRandomInMemory", "-enginetest.comparisons", n(1_000_000)),
		race,
		{name: "planted", args: []string{"run", "./test/planted"}},
	}
	fuzz, err := fuzzRuns(n)
	return append(all, fuzz...), err
}

// slowFuzz are the fuzz tests of which an input takes milliseconds, because it is a request to a whole server or a file,
// and how many inputs they get in place of a million.
var slowFuzz = map[string]int{"FuzzRequest": 20_000, "FuzzParquet": 100_000}

// fuzzRuns is every fuzz test of the module, each for a number of inputs.
func fuzzRuns(n func(all int) string) ([]run, error) {
	fuzzTest := regexp.MustCompile(`^func (Fuzz\w+)\(`)
	var all []run
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "bench" || len(d.Name()) > 1 && d.Name()[0] == '.'):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for in := bufio.NewScanner(f); in.Scan(); {
			if m := fuzzTest.FindStringSubmatch(in.Text()); m != nil {
				inputs := n(cmp.Or(slowFuzz[m[1]], 1_000_000))
				pkg := "./" + filepath.ToSlash(filepath.Dir(path))
				all = append(all, run{name: "fuzz " + strings.TrimPrefix(m[1], "Fuzz") + " " + filepath.Base(filepath.Dir(path)), fuzz: true,
					args: []string{"test", pkg, "-run", "^$", "-fuzz", "^" + m[1] + "$", "-fuzztime", inputs + "x", "-fuzzminimizetime", "100x", "-timeout", "24h"}})
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b run) int { return strings.Compare(a.name, b.name) })
	return all, err
}

// commit is what is checked out.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--tags").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
