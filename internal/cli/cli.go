// Package cli is the command line: it parses flags, asks the server through the HTTP API, and shows the answers as
// tables for people or JSON for programs. A data directory that nobody serves is opened for the time of the command
// and asked in the same way.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// IO is what a command reads and writes.
type IO struct {
	In      io.Reader
	Out     io.Writer // answers
	Err     io.Writer // progress, hints and errors
	Version string
	Now     func() time.Time // of a server that the command opens; default time.Now
}

// global are the flags that every command takes.
type global struct {
	Config kong.ConfigFlag `help:"Read settings from this YAML file (names as the flags)." placeholder:"FILE"`
	Data   string          `help:"The data directory." default:"carpel-data" env:"CARPEL_DATA" placeholder:"DIR"`
	URL    string          `help:"Ask this server instead of the one on the data directory." env:"CARPEL_URL" placeholder:"URL"`
	Key    string          `help:"API key (ak_…): needed with --url; without it, one to take instead of the data directory's own." env:"CARPEL_API_KEY" placeholder:"KEY"`
	Output string          `short:"o" help:"Show answers as table or json." enum:"table,json" default:"table"`
}

// commands are what carpel does.
type commands struct {
	global

	Serve     serveCommand     `cmd:"" help:"Run the server."`
	Demo      demoCommand      `cmd:"" help:"Run the server with a made-up company: 20,000 people, 90 days, live events."`
	Import    importCommand    `cmd:"" help:"Import people, events or members from CSV, NDJSON or Parquet; list and stop imports."`
	Export    exportCommand    `cmd:"" help:"Export people, or the members of a segment."`
	Segment   segmentCommand   `cmd:"" help:"List, create, change, preview and explain segments; keep them as files."`
	Template  templateCommand  `cmd:"" help:"List, create, preview and export templates of messages."`
	Campaign  campaignCommand  `cmd:"" help:"List, show, create, start and pause campaigns."`
	Person    personCommand    `cmd:"" help:"Look at a person, or erase one."`
	Keys      keyCommand       `cmd:"" name:"key" help:"List, create, rotate and revoke keys."`
	Webhook   webhookCommand   `cmd:"" help:"List, make and try out webhooks; look at their calls, and make them again."`
	User      userCommand      `cmd:"" help:"List, invite and remove users; let one set a new password."`
	Workspace workspaceCommand `cmd:"" help:"List and create workspaces."`
	Check     checkCommand     `cmd:"" help:"Compare every membership of every workspace with a fresh computation; verify a backup."`
	Backup    backupCommand    `cmd:"" help:"Copy everything into a new directory, also while serving."`
	Restore   restoreCommand   `cmd:"" help:"Make a data directory from a backup."`
	OpenAPI   openAPICommand   `cmd:"" name:"openapi" help:"Print the OpenAPI 3.1 document of the API."`
	Version   versionCommand   `cmd:"" help:"Say which version this is."`
}

const description = `Live customer segments in one program.

  carpel demo                        look around with made-up data
  carpel serve                       run the server on ./carpel-data
  carpel import people.csv           bring people in
  carpel segment preview 'plan is pro and did "Order Completed" in the last 30d'

A setting is taken from its flag, else from the environment (--log-level is CARPEL_LOG_LEVEL), else from the YAML file
that --config names, else from its default.

Exit codes: 0 done; 1 failed; 2 called wrongly; 3 done, and what was looked at is not in order (check, diff, rejected rows).`

// Run runs one command and returns the exit code: 0 when it worked, 1 when it did not, 2 when it was called wrongly,
// 3 when it worked and what it looked at is not in order (check, diff).
func Run(ctx context.Context, args []string, std IO) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("carpel"), kong.Description(description), kong.UsageOnError(), kong.Writers(std.Out, std.Err),
		kong.Exit(func(code int) { exit = code }), kong.Configuration(yamlSettings), kong.DefaultEnvars("CARPEL"),
		kong.NamedMapper("within", kong.MapperFunc(within)), kong.Help(help), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		fmt.Fprintln(std.Err, "carpel:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(std.Err, "carpel: %v\nTry: carpel %s--help\n", err, commandOf(err))
		return 2
	}
	t := &terminal{IO: std, global: c.global, command: words(k.Command())}
	if c.Data == "" {
		return t.fail(calledWrongly{"--data is empty: name a data directory"})
	}
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(t); err != nil {
		return t.fail(err)
	}
	return 0
}

// commandOf returns the words of the command that was called wrongly, with a blank behind.
func commandOf(err error) string {
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil {
		return words(p.Context.Command())
	}
	return ""
}

// words returns the words of a command without its arguments, with a blank behind; "" for none.
func words(command string) string {
	if command == "" {
		return ""
	}
	first, _, _ := strings.Cut(command, " <")
	return first + " "
}

// help shows a command's help. The flags that every command takes mean something else to a server, or nothing. Of a
// command whose own word may be left out, as import's file, it shows that one's help, with the others below.
func help(o kong.HelpOptions, k *kong.Context) error {
	n := k.Selected()
	if n != nil && n.DefaultCmd != nil {
		k.Path = append(k.Path, &kong.Path{Parent: n, Command: n.DefaultCmd, Flags: n.DefaultCmd.Flags})
		if err := kong.DefaultHelpPrinter(o, k); err != nil {
			return err
		}
		fmt.Fprintln(k.Stdout, "\nOther commands:")
		for _, other := range n.Children {
			if other != n.DefaultCmd {
				fmt.Fprintf(k.Stdout, "  %-16s %s\n", n.Name+" "+other.Name, other.Help)
			}
		}
		return nil
	}
	if n != nil && (n.Name == "serve" || n.Name == "demo") {
		for _, f := range k.Model.Flags {
			switch f.Name {
			case "url", "output":
				f.Hidden = true
			case "key":
				f.Help = "Preset an API key (ak_…) with all scopes at the first start."
			}
		}
	}
	return kong.DefaultHelpPrinter(o, k)
}

// notInOrder ends a command with the exit code 3: it did its work, and what it looked at is not in order.
type notInOrder struct{ what string }

func (n notInOrder) Error() string { return n.what }

// calledWrongly ends a command with the exit code 2: what it was given does not make sense together.
type calledWrongly struct{ what string }

func (c calledWrongly) Error() string { return c.what }

// fail tells the user what went wrong and returns the exit code.
func (t *terminal) fail(err error) int {
	var n notInOrder
	if errors.As(err, &n) {
		fmt.Fprintln(t.Err, "carpel:", n.what)
		return 3
	}
	var w calledWrongly
	if errors.As(err, &w) {
		fmt.Fprintf(t.Err, "carpel: %s\nTry: carpel %s--help\n", w.what, t.command)
		return 2
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(t.Err, "carpel: stopped")
		return 1
	}
	fmt.Fprintln(t.Err, "carpel:", err)
	return 1
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(t *terminal) error {
	return t.show(map[string]string{"version": t.Version}, func() { fmt.Fprintln(t.Out, "carpel", t.Version) })
}
