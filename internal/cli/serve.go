package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/carpel/carpel/internal/server"
)

// serverFlags are the settings of a running server.
type serverFlags struct {
	Listen     string `help:"Address of the API and of ingestion." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Metrics    string `help:"Address of Prometheus metrics; none if not given." placeholder:"HOST:PORT"`
	WriteKey   string `help:"Preset a server ingestion key (sk_…) at the first start." env:"CARPEL_WRITE_KEY" placeholder:"KEY"`
	CacheMB    int    `name:"cache-mb" help:"Memory for decoded data, of all workspaces together." default:"512"`
	MaxOpen    int    `help:"Workspaces open at once." default:"64"`
	MinFreeMB  int64  `name:"min-free-mb" help:"Refuse ingestion below this much free disk." default:"512"`
	MaxPending int    `help:"Ingestion requests at work or waiting before 429." default:"1024"`
	LogFormat  string `help:"Format of the log: text or json." enum:"text,json" default:"text"`
	LogLevel   string `help:"Least level of the log." enum:"debug,info,warn,error" default:"info"`
}

func (f serverFlags) config(t *terminal) server.Config {
	return server.Config{Data: t.Data, Listen: f.Listen, Metrics: f.Metrics, APIKey: t.Key, Write: f.WriteKey, CacheMB: f.CacheMB,
		MaxOpen: f.MaxOpen, MinFreeMB: f.MinFreeMB, MaxPending: f.MaxPending, Version: t.Version, Log: newLog(t.Err, f.LogFormat, f.LogLevel)}
}

func newLog(w io.Writer, format, level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // one of the enum
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

type serveCommand struct {
	serverFlags `embed:""`
}

// Help is shown below the flags.
func (serveCommand) Help() string {
	return `The first start makes a workspace "default" in the data directory. Commands on this machine find the server by
themselves; for others, make keys: carpel key create --kind ak. Stop it with Ctrl-C or SIGTERM: requests at work end first.`
}

// Run serves until it is stopped.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	s, err := server.Open(ctx, c.config(t))
	if err != nil {
		return err
	}
	return errors.Join(s.Run(ctx, func(address string) {
		fmt.Fprintf(t.Err, `Carpel %s is ready.

  API         http://%[2]s/api/docs
  ingestion   http://%[2]s/v1/…  and  http://%[2]s/api/v1/…
  data        %[3]s

Next: carpel key create --kind sk --name "my backend", then point an SDK here; or carpel import people.csv
`, t.Version, address, t.Data)
	}), s.Close(context.WithoutCancel(ctx)))
}
