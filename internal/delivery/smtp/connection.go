package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is read of a server, and how long it is waited for: RFC 5321 (4.5.3.2) would have minutes more, which
// the sender's lease of a delivery does not.
const (
	maxReplyLine  = 2048
	maxReplyLines = 64
	commandTime   = time.Minute
	messageTime   = 2 * time.Minute // from the final dot to its reply
)

// connection is one to a server, past its greeting, TLS and log-in. One goroutine uses it at a time.
type connection struct {
	raw  net.Conn // as dialled
	conn net.Conn // over TLS, once it is
	r    *bufio.Reader
	w    *bufio.Writer
	ext  map[string]string // what EHLO told, by the upper-case name

	sent   int       // messages
	idle   time.Time // since when
	broken bool      // nothing more is to be sent over it
	parted bool      // the server ended it in order, by 421
}

func newConnection(conn net.Conn) *connection {
	return &connection{raw: conn, conn: conn, r: bufio.NewReaderSize(conn, maxReplyLine), w: bufio.NewWriter(conn)}
}

// settled runs what waits for the server, and closes the connection under it when ctx ends.
func (c *connection) settled(ctx context.Context, run func() error) error {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	err := run()
	if !stop() {
		c.broken = true
		if err != nil {
			err = errors.Join(ctx.Err(), err)
		}
	}
	return err
}

// command sends a line; its replies come in order, see [connection.reply].
func (c *connection) command(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	if strings.ContainsAny(line, "\r\n\x00") {
		return errors.New("a command with a line break in it") // addresses and settings are checked long before
	}
	_, err := c.w.WriteString(line + "\r\n")
	return err
}

// reply sends what waits to be sent and reads one reply. Its error is of the connection, which is over then.
func (c *connection) reply(within time.Duration) (reply, error) {
	if err := c.conn.SetDeadline(time.Now().Add(within)); err != nil {
		return reply{}, c.over(err)
	}
	if err := c.w.Flush(); err != nil {
		return reply{}, c.over(err)
	}
	var lines []string
	for {
		raw, err := c.r.ReadSlice('\n')
		if err != nil {
			return reply{}, c.over(err)
		}
		line := strings.TrimRight(string(raw), "\r\n")
		code, err := strconv.Atoi(line[:min(3, len(line))])
		if err != nil || code < 200 || code > 599 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return reply{}, c.over(errors.New("it does not speak SMTP"))
		}
		lines = append(lines, strings.TrimSpace(line[min(4, len(line)):]))
		if len(line) <= 3 || line[3] == ' ' {
			r := newReply(code, lines)
			if code == 421 {
				c.broken, c.parted = true, true
			}
			return r, nil
		}
		if len(lines) == maxReplyLines {
			return reply{}, c.over(errors.New("its reply does not end"))
		}
	}
}

func (c *connection) over(err error) error {
	c.broken = true
	if errors.Is(err, io.EOF) {
		return errors.New("it closed the connection")
	}
	return err
}

// ask sends a command and reads its reply.
func (c *connection) ask(format string, args ...any) (reply, error) {
	if err := c.command(format, args...); err != nil {
		return reply{}, err
	}
	return c.reply(commandTime)
}

// unexpected is a reply that ends setting up a connection.
type unexpected struct {
	reply
	doing string
}

func (u unexpected) Error() string { return u.doing + ": " + u.words() }

// errInsecure is why nothing is sent to a server that offers no STARTTLS.
var errInsecure = errors.New("the server offers no STARTTLS: nothing is sent in the clear")

// errNoLogIn is why nobody can log in at a server.
var errNoLogIn = errors.New("the server offers no log-in by PLAIN or LOGIN")

// setUp brings a connection to where it takes messages.
func (c *connection) setUp(s Settings, password string, config *tls.Config) error {
	if s.TLS == tlsImplicit {
		c.secure(config)
	}
	r, err := c.reply(commandTime)
	if err != nil {
		return err
	}
	if r.code != 220 {
		return unexpected{r, "greeting"}
	}
	if err := c.hello(s.Hello); err != nil {
		return err
	}
	if s.TLS == tlsStart {
		if _, offered := c.ext["STARTTLS"]; !offered {
			return errInsecure
		}
		if r, err = c.ask("STARTTLS"); err != nil {
			return err
		}
		if r.code != 220 {
			return unexpected{r, "STARTTLS"}
		}
		c.secure(config)
		if err := c.hello(s.Hello); err != nil {
			return err
		}
	}
	if s.Username == "" {
		return nil
	}
	return c.logIn(s.Username, password)
}

// secure goes on over TLS. What came in the clear and was not read yet is dropped: nobody can slip a reply in.
func (c *connection) secure(config *tls.Config) {
	c.conn = tls.Client(c.conn, config)
	c.r.Reset(c.conn)
	c.w.Reset(c.conn)
}

func (c *connection) hello(name string) error {
	r, err := c.ask("EHLO %s", name)
	if err != nil {
		return err
	}
	if r.code != 250 {
		return unexpected{r, "EHLO"}
	}
	c.ext = map[string]string{}
	for _, line := range r.lines[1:] {
		name, args, _ := strings.Cut(line, " ")
		c.ext[strings.ToUpper(name)] = args
	}
	return nil
}

// logIn shows name and password, by whatever way the server offers.
func (c *connection) logIn(name, password string) error {
	ways := strings.Fields(strings.ToUpper(c.ext["AUTH"]))
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	var r reply
	var err error
	switch {
	case slices.Contains(ways, "PLAIN"):
		r, err = c.ask("AUTH PLAIN %s", encode("\x00"+name+"\x00"+password))
	case slices.Contains(ways, "LOGIN"):
		if r, err = c.ask("AUTH LOGIN"); err == nil && r.code == 334 {
			if r, err = c.ask("%s", encode(name)); err == nil && r.code == 334 {
				r, err = c.ask("%s", encode(password))
			}
		}
	default:
		return errNoLogIn
	}
	if err != nil {
		return err
	}
	if r.code != 235 {
		return unexpected{r, "log-in"}
	}
	return nil
}

// quit ends the connection politely, if that takes no time.
func (c *connection) quit() {
	if !c.broken {
		_ = c.conn.SetDeadline(time.Now().Add(time.Second))
		_ = c.command("QUIT")
		_ = c.w.Flush()
	}
	_ = c.conn.Close()
}

// message sends a message's bytes, and the dot that ends it. sent is whether the dot may have gone out.
func (c *connection) message(raw []byte) (r reply, sent bool, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(messageTime)); err != nil {
		return r, false, c.over(err)
	}
	dots := textproto.NewWriter(c.w).DotWriter()
	if _, err := dots.Write(raw); err != nil {
		return r, false, c.over(err)
	}
	if err := c.w.Flush(); err != nil { // all but the dot
		return r, false, c.over(err)
	}
	if err := dots.Close(); err != nil {
		return r, true, c.over(err)
	}
	r, err = c.reply(messageTime)
	return r, true, err
}
