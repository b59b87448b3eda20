package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"

	"github.com/carpel/carpel/internal/openid"
	"github.com/carpel/carpel/internal/server"
)

// serverFlags are the settings of a running server.
type serverFlags struct {
	Listen       string      `help:"Address of the API and of ingestion." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL    string      `name:"public-url" help:"Where people outside reach this server, for the links of messages, such as https://carpel.example.com; http:// and --listen if not given." env:"CARPEL_PUBLIC_URL" placeholder:"URL"`
	BounceListen string      `help:"Address at which mail to the return paths of messages is received, such as 0.0.0.0:25; none if not given." placeholder:"HOST:PORT"`
	Metrics      string      `help:"Address of Prometheus metrics; none if not given." placeholder:"HOST:PORT"`
	WriteKey     string      `help:"Preset a server ingestion key (sk_…) at the first start." env:"CARPEL_WRITE_KEY" placeholder:"KEY"`
	TrustedProxy []network   `help:"Addresses or networks (CIDR) of proxies whose X-Forwarded-For, -Proto and -Host are believed; nobody's if not given." placeholder:"CIDR,…"`
	MemoryMB     int         `name:"memory-mb" help:"Memory of the process, in MB: 64 to 1,048,576." type:"within" range:"64..1048576" default:"2048"`
	MaxOpen      int         `help:"Workspaces open at once: 1 to 10,000." type:"within" range:"1..10000" default:"64"`
	MinFreeMB    int64       `name:"min-free-mb" help:"Refuse ingestion below this much free disk, in MB: 1 to 1,048,576." type:"within" range:"1..1048576" default:"512"`
	MaxPending   int         `help:"Ingestion requests at work or waiting before 429: 1 to 1,000,000." type:"within" range:"1..1000000" default:"1024"`
	Outbound     []network   `name:"outbound-allow" help:"Addresses or networks (CIDR) inside that messages, webhooks and OpenID may be sent to; public ones only if not given." placeholder:"CIDR,…"`
	OpenID       openIDFlags `embed:"" prefix:"openid-"`
	LogFormat    string      `help:"Format of the log: text or json." enum:"text,json" default:"text"`
	LogLevel     string      `help:"Least level of the log." enum:"debug,info,warn,error" default:"info"`
}

// openIDFlags name the OpenID provider that users may log in with.
type openIDFlags struct {
	Issuer       string `help:"OpenID provider that users may log in with, such as https://accounts.example.com; send its users to https://THIS-SERVER/api/openid/return." env:"CARPEL_OPENID_ISSUER" placeholder:"URL"`
	ClientID     string `help:"How the provider knows Carpel." env:"CARPEL_OPENID_CLIENT_ID" placeholder:"ID"`
	ClientSecret string `help:"Secret that the provider gave out with the client id; none for a public client." env:"CARPEL_OPENID_CLIENT_SECRET" placeholder:"SECRET"`
	Name         string `help:"What the log-in page calls the provider." env:"CARPEL_OPENID_NAME" placeholder:"NAME"`
}

// network is an address, or the network of a CIDR.
type network struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.0/8, ::1/128, 10.0.0.1.
func (n *network) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%.60q is neither an address nor a network such as 10.0.0.0/8", text)
	}
	n.Prefix = p.Masked()
	return nil
}

// site is where the server was reached from this machine, and how others reach it if they may.
type site struct{ address, elsewhere string }

func (f serverFlags) site(address string) site {
	host, port, err := net.SplitHostPort(f.Listen)
	if ip, bad := netip.ParseAddr(host); err != nil || host != "" && (bad != nil || !ip.IsUnspecified()) {
		return site{address: address}
	}
	name, err := os.Hostname()
	if err != nil {
		name = "this machine's name"
	}
	return site{address, fmt.Sprintf("It listens at every address of this machine, port %s. From others, open it as https://%s through a proxy that ends\nTLS: a browser logs in over https, or on this machine.\n\n", port, name)}
}

func (f serverFlags) config(t *terminal) server.Config {
	return server.Config{TrustedProxies: prefixes(f.TrustedProxy), OutboundAllow: prefixes(f.Outbound), Data: t.Data, OpenID: openid.Config(f.OpenID), Listen: f.Listen, PublicURL: f.PublicURL, BounceListen: f.BounceListen, Metrics: f.Metrics, APIKey: t.Key, Write: f.WriteKey, MemoryMB: f.MemoryMB,
		MaxOpen: f.MaxOpen, MinFreeMB: f.MinFreeMB, MaxPending: f.MaxPending, Version: t.Version, Now: t.Now, Log: newLog(t.Err, f.LogFormat, f.LogLevel)}
}

func prefixes(ns []network) (all []netip.Prefix) {
	for _, n := range ns {
		all = append(all, n.Prefix)
	}
	return all
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

// structured is the log when its lines are for programs, which nothing else may stand between; else nil.
func (f serverFlags) structured(t *terminal) *slog.Logger {
	if f.LogFormat != "json" {
		return nil
	}
	return newLog(t.Err, f.LogFormat, "info")
}

type serveCommand struct {
	serverFlags `embed:""`
}

// Help is shown below the flags.
func (serveCommand) Help() string {
	return `The first start makes a workspace "default" in the data directory, and a start without users prints a link by which the
first one sets Carpel up. Commands on this machine find the server by
themselves; for others, make keys: carpel key create --kind ak. Stop it with Ctrl-C or SIGTERM: requests at work end first.`
}

// Run serves until it is stopped.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	s, err := server.Open(ctx, c.config(t))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err = s.Run(ctx, func(address string) {
		// Only now, when the server listens: a start that fails must not use the keys up.
		if err := t.welcome(ctx, s, c.site(address), c.structured(t)); err != nil {
			stop(err)
		}
	})
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) && err == nil {
		err = cause
	}
	return errors.Join(err, s.Close(context.WithoutCancel(ctx)))
}

// welcome says where the server is and what to do next: at the first start with the first keys, and while there is no
// user with the link that makes the first. These are for whoever reads a terminal. Where a log is kept of the error stream
// they are left in files of the data directory, and the log says where.
func (t *terminal) welcome(ctx context.Context, s *server.Server, at site, log *slog.Logger) error {
	first, err := t.firstSecrets(ctx, s, at.address)
	if err != nil {
		return err
	}
	if log != nil || !onTerminal(t.Err) {
		if first, err = t.leave(s, first); err != nil {
			return err
		}
	}
	if log != nil {
		log.Info("ready", "version", t.Version, "address", at.address, "data", t.Data, "set_up_link", first.setupIn, "first_keys", first.keysIn)
		return nil
	}
	fmt.Fprintf(t.Err, `Carpel %s is ready.

  console     http://%[2]s
  API         http://%[2]s/api/docs
  ingestion   http://%[2]s/v1/…  and  http://%[2]s/api/v1/…
  data        %[3]s

%[7]s%[4]s%[5]sNext, in another terminal:

  carpel import people.csv%[6]s         bring people in
  carpel segment list%[6]s              see the segments that are there
  carpel segment preview%[6]s 'plan is pro'
`, t.Version, at.address, t.Data, first.setup, first.keys, t.dataFlag(), at.elsewhere)
	return nil
}

// secrets are what a start has to hand over: texts with them, or, when those were left in files, where these are.
type secrets struct{ setup, keys, setupIn, keysIn string }

// firstSecrets makes what is to be handed over; empty texts for what is not.
func (t *terminal) firstSecrets(ctx context.Context, s *server.Server, address string) (first secrets, err error) {
	setup, err := s.SetupLink(ctx)
	if err != nil {
		return first, err
	}
	apiKey, writeKey, err := s.FirstKeys(ctx)
	if err != nil {
		return first, err
	}
	if setup != "" {
		first.setup = fmt.Sprintf("Nobody is set up yet. Open this link in a browser to become the first admin; it is good once:\n\n  set-up      http://%s%s\n\n", address, setup)
	}
	if apiKey+writeKey == "" {
		return first, nil
	}
	first.keys = "This is the first start. Keep these keys: they are shown only now.\n\n"
	if apiKey != "" {
		first.keys += "  API key     " + apiKey + "\n"
	}
	if writeKey != "" {
		first.keys += fmt.Sprintf(`  write key   %[2]s

Send the first person:

  curl -u %[2]s: -H 'Content-Type: application/json' -d '{"userId":"ann","traits":{"email":"ann@example.com","plan":"pro"}}' http://%[1]s/v1/identify
`, address, writeKey)
	}
	first.keys += "\n"
	return first, nil
}

// leave puts secrets into files of the data directory that its owner alone can read, and returns where they are, in words
// as well.
func (t *terminal) leave(s *server.Server, first secrets) (left secrets, err error) {
	if left.setupIn, err = s.LeaveSecret(server.SetupLinkFile, first.setup); err != nil {
		return left, err
	}
	if left.setupIn != "" {
		left.setup = "Nobody is set up yet. The link that makes the first admin is in " + left.setupIn + ".\n\n"
	}
	if first.keys == "" {
		return left, nil
	}
	if left.keysIn, err = s.LeaveSecret(server.FirstKeysFile, first.keys); err != nil {
		return left, err
	}
	left.keys = "This is the first start. The first keys are in " + left.keysIn + ": keep them elsewhere, and remove it.\n\n"
	return left, nil
}

// dataFlag is how commands in another terminal name the data directory, with a blank in front; empty for the default.
func (t *terminal) dataFlag() string {
	if t.Data == "carpel-data" {
		return ""
	}
	return " --data " + t.Data
}
