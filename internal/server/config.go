// Package server puts the parts together: it opens the records, the workspaces, ingestion, the API and the
// listeners, runs them, and closes them in order. It is the only package that knows every other.
package server

import (
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/openid"
	"github.com/carpel/carpel/internal/records"
)

// Config is every setting of a server. Flags, environment and file fill it alike; the zero value of a field takes
// its default.
type Config struct {
	Data   string // the data directory; default ./carpel-data
	Listen string // API and ingestion; default 127.0.0.1:8080
	// BounceListen is where mail to the return paths of messages is received, such as 0.0.0.0:25; "" for nowhere.
	BounceListen string
	Metrics      string // Prometheus, on a listener of its own; "" for none
	APIKey       string // presets an API key with all scopes
	Write        string // presets a server ingestion key

	// Demo makes up a company in the first workspace of a new data directory; the zero value for none.
	Demo carpel.Demo
	// DemoRate is how many of a made-up company's people come by in a second; default 2, below 0 none.
	DemoRate float64

	// Guest lets every browser of this machine in as admin of the first workspace, without a password. For made-up data.
	Guest bool

	// PublicURL is where people outside reach this server, for the links of messages; default http:// and where it listens.
	// Mail programs offer to unsubscribe with one click only when it is https.
	PublicURL string

	TrustedProxies []netip.Prefix // whose X-Forwarded headers are believed; see [behind]

	OutboundAllow []netip.Prefix // networks that messages, webhooks and OpenID may be sent to although they are not public
	Resolver      *net.Resolver  // of names outside; default the system's
	OutboundRoots *x509.CertPool // whom outgoing connections trust; default the system's

	OpenID openid.Config // the provider that users may log in with; the zero value for none

	MemoryMB   int   // of the process, in all; default 2048. See [memory]
	MaxOpen    int   // workspaces open at once; default 64
	MinFreeMB  int64 // ingestion is refused below this much free disk; default 512
	MaxPending int   // ingestion requests at work or waiting before 429; default 1024

	// Still lets nothing happen by itself, and no time pass: memberships stay at the moment up to which they were kept. It is
	// for a look at a [Still]; Now is not asked.
	Still bool

	Version string
	Now     func() time.Time // default time.Now
	Log     *slog.Logger     // default slog.Default()
	FS      vfs.FS           // of the engines; default the disk
	Files   records.Files    // of the records; default the disk
}

// EnsureDefaults fills in what was left out.
func (c *Config) EnsureDefaults() {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	set(&c.Data, "carpel-data")
	set(&c.Listen, "127.0.0.1:8080")
	set(&c.Version, "devel")
	if c.DemoRate == 0 {
		c.DemoRate = 2
	}
	if c.MemoryMB == 0 {
		c.MemoryMB = 2048
	}
	if c.MaxOpen == 0 {
		c.MaxOpen = 64
	}
	if c.MinFreeMB == 0 {
		c.MinFreeMB = 512
	}
	if c.MaxPending == 0 {
		c.MaxPending = 1024
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Still {
		c.Now = func() time.Time { return time.UnixMilli(0) } // an engine's time never goes back
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
}
