package tracking

import (
	"context"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/carpel/carpel"
)

// What the receiver of bounces takes: it stands open to the internet.
const (
	receiverConnections = 10
	receiverRecipients  = 5
	receiverTime        = 30 * time.Second // for a piece of a conversation
	receiverLife        = 2 * time.Minute  // of a connection
	receiverStop        = 2 * time.Second  // for conversations to end when the server stops
)

// Receive takes mail to the return paths of deliveries from a listener until ctx ends, and nothing else: it is a mail
// server that knows no mailbox but those. What it acknowledges is durable.
func (t *Tracker) Receive(ctx context.Context, l net.Listener) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &receiver{t: t, ctx: ctx}, nil }))
	s.Domain = "carpel"
	s.MaxMessageBytes, s.MaxRecipients, s.MaxLineLength = MaxReport, receiverRecipients, 4096
	s.ReadTimeout, s.WriteTimeout = receiverTime, receiverTime
	s.ErrorLog = log.New(io.Discard, "", 0) // it would log what strangers send
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		stop, end := context.WithTimeout(context.WithoutCancel(ctx), receiverStop)
		defer end()
		if s.Shutdown(stop) != nil {
			_ = s.Close() // they are to send it again
		}
	}()
	err := s.Serve(&fewListener{Listener: l, free: make(chan struct{}, receiverConnections), done: ctx.Done()})
	if ctx.Err() != nil {
		<-stopped
		return nil
	}
	return err
}

// fewListener accepts so many connections at a time, and none for long.
type fewListener struct {
	net.Listener
	free chan struct{} // holds one for each connection
	done <-chan struct{}
}

// Accept implements net.Listener.
func (l *fewListener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	end := time.AfterFunc(receiverLife, func() { c.Close() })
	return &fewConn{Conn: c, leave: sync.OnceFunc(func() { end.Stop(); <-l.free })}, nil
}

type fewConn struct {
	net.Conn
	leave func() // once
}

// Close implements net.Conn.
func (c *fewConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// receiver is one conversation.
type receiver struct {
	t          *Tracker
	ctx        context.Context // of the server: a conversation ends with it
	deliveries []string        // whose return paths were named
}

// Mail implements smtp.Session: reports come from nobody, or from whom they please.
func (r *receiver) Mail(string, *smtp.MailOptions) error {
	if err := r.t.o.Room(); err != nil {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Not enough space; try again later"}
	}
	return nil
}

// Rcpt implements smtp.Session.
func (r *receiver) Rcpt(to string, _ *smtp.RcptOptions) error {
	delivery, ok := returned(r.t.o.Ring, to)
	if !ok {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox; this server takes reports about messages alone"}
	}
	r.deliveries = append(r.deliveries, delivery)
	return nil
}

// Data implements smtp.Session. Only the deliveries whose return paths were named count, whatever the report names: that
// they were named shows that its sender got them.
func (r *receiver) Data(in io.Reader) error {
	raw, err := io.ReadAll(in)
	if err != nil {
		return err // too large, or broken off
	}
	report, ok := ReadReport(raw)
	if !ok {
		return nil // somebody's absence; nobody reads it
	}
	slices.Sort(r.deliveries)
	for _, id := range slices.Compact(r.deliveries) {
		if err := r.take(id, report); err != nil {
			r.t.failed(r.ctx, "report", err)
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "It could not be kept; try again later"}
		}
	}
	return nil
}

func (r *receiver) take(id string, report Report) error {
	workspace, err := r.t.o.Records.WorkspaceOfDelivery(r.ctx, id)
	if err == nil {
		var d carpel.Delivery
		if d, err = r.t.o.Records.Delivery(r.ctx, workspace, id); err == nil {
			_, err = r.t.take(r.ctx, workspace, d, report)
		}
	}
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return nil // it is not there any more
	}
	return err
}

// Reset implements smtp.Session.
func (r *receiver) Reset() { r.deliveries = nil }

// Logout implements smtp.Session.
func (r *receiver) Logout() error { return nil }
