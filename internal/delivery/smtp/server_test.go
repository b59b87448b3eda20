package smtp_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/smtp"
	"github.com/carpel/carpel/internal/outbound"
)

var start = time.Date(2026, 11, 24, 9, 30, 0, 0, time.FixedZone("", 3600))

// certificate is one for localhost that signs itself, and the pool that trusts it.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// received is a message that a sink took.
type received struct{ from, to, raw, hello string }

// sink is a real SMTP server that keeps what it takes.
type sink struct {
	*gosmtp.Server
	port    int
	discard bool // keeps nothing: of a benchmark
	roots   *x509.CertPool

	mu       sync.Mutex
	all      []received // guarded by mu
	sessions int        // one before TLS, one over it; guarded by mu
	ways     []string   // of logging in
}

func newSink(t testing.TB, change func(*sink)) *sink {
	t.Helper()
	cert, roots := certificate(t)
	s := &sink{roots: roots}
	s.Server = gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		return &session{s: s, hello: c.Hostname()}, nil
	}))
	s.ErrorLog = log.New(io.Discard, "", 0) // of connections that a test breaks off
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.EnableSMTPUTF8 = true
	if change != nil {
		change(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() { s.Close(); l.Close(); <-done })
	return s
}

func (s *sink) messages() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received{}, s.all...)
}

type session struct {
	s               *sink
	hello, from, to string
}

func (x *session) AuthMechanisms() []string { return x.s.ways }

func (x *session) Auth(way string) (sasl.Server, error) {
	check := func(name, password string) error {
		if name != "carpel" || password != "geheim ✓" {
			return gosmtp.ErrAuthFailed
		}
		return nil
	}
	if way == sasl.Plain {
		return sasl.NewPlainServer(func(_, name, password string) error { return check(name, password) }), nil
	}
	return &login{check: check}, nil
}

// login is the server's side of AUTH LOGIN, which the library lacks.
type login struct {
	name  string
	step  int
	check func(name, password string) error
}

func (l *login) Next(answer []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(answer)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.name, string(answer))
}

func (x *session) Mail(from string, _ *gosmtp.MailOptions) error { x.from = from; return nil }
func (x *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "no such user here"}
	}
	x.to = to
	return nil
}
func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }
func (x *session) Data(r io.Reader) error {
	if x.s.discard {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	b, err := io.ReadAll(r)
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.all = append(x.s.all, received{x.from, x.to, string(b), x.hello})
	return err
}

// channel opens one to the server at a port of this machine.
func channel(t testing.TB, roots *x509.CertPool, port int, settings map[string]any, secrets map[string]string) *smtp.Channel {
	t.Helper()
	all := map[string]any{"host": "localhost", "port": port, "from": "Carpel News <news@example.com>"}
	for k, v := range settings {
		all[k] = v
	}
	out := outbound.New(outbound.Options{Roots: roots, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	c, err := smtp.Open(carpel.Channel{Settings: all}, secrets, smtp.Options{Outbound: out, Now: func() time.Time { return start },
		Token: func(m *carpel.Message) string { return strings.TrimPrefix(m.Delivery, "dlv_") }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// script is a server in the clear that answers each command as a test says: by the command's verb (with "." for the end of
// a message and "" for the greeting), else 250. What answers "close" breaks the connection off.
type script struct {
	port int

	mu          sync.Mutex
	said        []string // commands, guarded by mu
	connections int      // guarded by mu
}

func newScript(t testing.TB, answers func(connection int, verb string) string) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{port: l.Addr().(*net.TCPAddr).Port}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections++
			n := s.connections
			s.mu.Unlock()
			work.Go(func() { s.serve(conn, func(verb string) string { return answers(n, verb) }) })
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return s
}

func (s *script) serve(conn net.Conn, answer func(verb string) string) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	reply := func(verb, otherwise string) error {
		text := answer(verb)
		if text == "" {
			text = otherwise
		}
		if text == "close" {
			return errors.New("close")
		}
		_, err := io.WriteString(conn, text+"\r\n")
		return err
	}
	if reply("", "220 script") != nil {
		return
	}
	inMessage := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if inMessage {
			if line == "." {
				inMessage = false
				if reply(".", "250 2.0.0 taken") != nil {
					return
				}
			}
			continue
		}
		s.mu.Lock()
		s.said = append(s.said, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		otherwise := "250 fine"
		if verb == "DATA" {
			otherwise = "354 go on"
			if a := answer(verb); a == "" || strings.HasPrefix(a, "354") {
				inMessage = true
			}
		}
		if verb == "QUIT" || reply(verb, otherwise) != nil {
			return
		}
	}
}

func email(id string) *carpel.Message {
	return &carpel.Message{Delivery: "dlv_" + id, Workspace: "ws_1", Attempt: 1, Kind: carpel.Email, Recipient: "ann@example.org", Email: &carpel.EmailMessage{
		To: "ann@example.org", Subject: "Hello Ann", HTML: "<p>Hello <b>Ann</b></p>", Text: "Hello Ann\n",
		Unsubscribe: "https://mail.example.com/u/abc", ListID: "news.example.com", FeedbackID: "b1:ws1:carpel"}}
}

// tlsListener lets a sink speak TLS from the first byte, on a port of its own.
func tlsListener(t testing.TB, s *sink) int {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", s.TLSConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { _ = s.Serve(l) }()
	return l.Addr().(*net.TCPAddr).Port
}

// unused is a port that nobody listens at.
func unused(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
