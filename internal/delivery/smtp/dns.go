package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/carpel/carpel/internal/outbound"
)

// Resolver asks the DNS; [net.Resolver] does.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// Record is an entry of the DNS that mail from a domain needs, and how it stands.
type Record struct {
	What   string   `json:"what" enum:"spf,dkim,dmarc,return_path"`
	Type   string   `json:"type" enum:"TXT,MX"`
	Name   string   `json:"name"`
	State  string   `json:"state" enum:"ok,missing,wrong,unknown" doc:"unknown: the DNS did not answer."`
	Found  []string `json:"found" doc:"What is there."`
	Add    string   `json:"add,omitempty" doc:"What to put there, ready to paste, when it is not right."`
	Detail string   `json:"detail"`
}

// The states of a [Record].
const (
	dnsOK      = "ok"
	dnsMissing = "missing"
	dnsWrong   = "wrong"
	dnsUnknown = "unknown"
)

// Domain is what the records are looked up for.
type Domain struct {
	Name       string // of the sender's address
	Server     string // the mail server that sends; "" if not known
	ReturnPath string // the channel's; "" for none
	Receiver   string // host that takes mail to the return path: this server's; "" if not known
	Keys       []Key
}

// Lookup returns the records that mail from a domain needs: SPF where bounces go, each key of DKIM, DMARC, and the MX of the
// return path. CodeInvalid for what is no domain is the caller's to see to, by [CheckDomain].
func Lookup(ctx context.Context, r Resolver, d Domain) ([]Record, error) {
	all := []Record{spf(ctx, r, d)}
	for _, k := range d.Keys {
		one, err := dkimRecord(ctx, r, k)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	all = append(all, dmarc(ctx, r, d))
	if d.ReturnPath != "" {
		all = append(all, returnPath(ctx, r, d))
	}
	return all, nil
}

// CheckDomain returns a domain name as the DNS knows it; an error for what is none.
func CheckDomain(name string) (string, error) {
	name, err := domain(name)
	if err == nil && !strings.Contains(name, ".") {
		err = errors.New("it is no domain name")
	}
	return strings.ToLower(name), err
}

// texts looks TXT records up that begin as one of a kind does. done is whether that settles the record: the DNS did not
// answer, or nothing is there.
func (rec *Record) texts(ctx context.Context, r Resolver, prefix string) (found []string, done bool) {
	all, err := r.LookupTXT(ctx, rec.Name)
	if rec.fails(err) {
		return nil, true
	}
	for _, text := range all {
		if strings.HasPrefix(strings.ToLower(text), prefix) {
			found = append(found, outbound.Words(text))
		}
	}
	if len(found) > 0 {
		rec.Found, rec.State = found, dnsOK
	}
	return found, len(found) == 0
}

// fails notes an answer that is none. That a name does not exist is an answer.
func (rec *Record) fails(err error) bool {
	var not *net.DNSError
	if err == nil || errors.As(err, &not) && not.IsNotFound {
		return false
	}
	rec.State, rec.Detail = dnsUnknown, "the DNS did not answer; try again"
	return true
}

func spf(ctx context.Context, r Resolver, d Domain) Record {
	at, server := d.Name, "mx"
	if d.ReturnPath != "" {
		at = d.ReturnPath
	}
	if d.Server != "" {
		server = "a:" + d.Server
	}
	rec := Record{What: "spf", Type: "TXT", Name: at, State: dnsMissing, Found: []string{}, Detail: "says which servers may send with return paths at " + at}
	found, done := rec.texts(ctx, r, "v=spf1")
	if !done {
		switch last := strings.ToLower(found[0]); {
		case len(found) > 1:
			rec.State, rec.Detail = dnsWrong, "there may be one record of SPF alone; make one of them"
		case strings.HasSuffix(last, " +all") || strings.HasSuffix(last, " all"):
			rec.State, rec.Detail = dnsWrong, "it lets everybody send; let it end in ~all"
		default:
			rec.Detail = "is there; whether it names your mail server, ask your provider"
		}
	}
	if rec.State == dnsMissing {
		rec.Add = "v=spf1 " + server + " ~all"
		rec.Detail += "; many providers have an include: of their own to take instead"
	}
	return rec
}

func dkimRecord(ctx context.Context, r Resolver, k Key) (Record, error) {
	name, text, err := k.Record()
	if err != nil {
		return Record{}, err
	}
	rec := Record{What: "dkim", Type: "TXT", Name: name, State: dnsMissing, Found: []string{}, Detail: "by it receivers verify the signature"}
	all, err := r.LookupTXT(ctx, name)
	if rec.fails(err) {
		return rec, nil
	}
	for _, there := range all {
		rec.Found = append(rec.Found, outbound.Words(there))
	}
	switch {
	case slices.ContainsFunc(all, func(there string) bool { return tag(there, "p") == tag(text, "p") }):
		rec.State, rec.Detail = dnsOK, "is the key that signs"
	case len(all) > 0:
		rec.State, rec.Detail = dnsWrong, "is another key than the one that signs"
	}
	if rec.State != dnsOK {
		rec.Add = text
	}
	return rec, nil
}

// tag is the value of a tag in a record of DKIM or DMARC, without white space.
func tag(text, name string) string {
	for part := range strings.SplitSeq(text, ";") {
		if key, value, ok := strings.Cut(part, "="); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}

// dmarc looks at the domain and, as receivers do, at those above it.
func dmarc(ctx context.Context, r Resolver, d Domain) Record {
	first := Record{What: "dmarc", Type: "TXT", Name: "_dmarc." + d.Name, State: dnsMissing, Found: []string{}, Detail: "says what becomes of mail that fails; large providers want it of who sends to many"}
	for name := d.Name; strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		rec := first
		rec.Name = "_dmarc." + name
		found, done := rec.texts(ctx, r, "v=dmarc1")
		if rec.State == dnsUnknown {
			return rec
		}
		if done {
			continue
		}
		switch policy := strings.ToLower(tag(found[0], "p")); {
		case len(found) > 1:
			rec.State, rec.Detail = dnsWrong, "there may be one record of DMARC alone"
		case policy != "none" && policy != "quarantine" && policy != "reject":
			rec.State, rec.Detail, rec.Add = dnsWrong, "it has no policy p=", dmarcText(d)
		default:
			rec.Detail = fmt.Sprintf("is there, with the policy %s", policy)
		}
		return rec
	}
	first.Add = dmarcText(d)
	return first
}

func dmarcText(d Domain) string { return "v=DMARC1; p=none; rua=mailto:dmarc@" + d.Name }

func returnPath(ctx context.Context, r Resolver, d Domain) Record {
	rec := Record{What: "return_path", Type: "MX", Name: d.ReturnPath, State: dnsMissing, Found: []string{}, Detail: "by it bounces come back"}
	all, err := r.LookupMX(ctx, d.ReturnPath)
	if rec.fails(err) {
		return rec
	}
	for _, mx := range all {
		rec.Found = append(rec.Found, fmt.Sprintf("%d %s", mx.Pref, mx.Host))
	}
	is := func(mx *net.MX) bool { return strings.EqualFold(strings.TrimSuffix(mx.Host, "."), d.Receiver) }
	switch {
	case len(all) > 0 && (d.Receiver == "" || slices.ContainsFunc(all, is)):
		rec.State = dnsOK
	case len(all) > 0:
		rec.State, rec.Detail = dnsWrong, "it leads elsewhere than to this server: right only if that hands bounces on"
	}
	if rec.State != dnsOK && d.Receiver != "" {
		rec.Add = "10 " + d.Receiver + "."
	}
	return rec
}
