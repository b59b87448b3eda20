package smtp_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/carpel/carpel/internal/delivery/smtp"
)

// zone is a DNS server on this machine with the records of a test: "TXT name" and "MX name". "fails" is answered with a
// failure.
func zone(t *testing.T, records map[string][]string) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	go func() {
		b := make([]byte, 4096)
		for {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
			there := records[strings.TrimPrefix(q.Type.String(), "Type")+" "+name]
			out := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
			if there == nil {
				out.RCode = dnsmessage.RCodeNameError
			}
			for _, value := range there {
				h := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
				switch {
				case value == "fails":
					out.RCode = dnsmessage.RCodeServerFailure
				case q.Type == dnsmessage.TypeTXT:
					var texts []string
					for len(value) > 255 {
						texts, value = append(texts, value[:255]), value[255:]
					}
					out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.TXTResource{TXT: append(texts, value)}})
				case q.Type == dnsmessage.TypeMX:
					out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(value + ".")}})
				}
			}
			if packed, err := out.Pack(); err == nil {
				_, _ = pc.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// TestLookup has how each record may stand, and what is said to add is right once it is added.
func TestLookup(t *testing.T) {
	secrets, err := smtp.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	c := channel(t, nil, 25, map[string]any{"dkim_domain": "shop.example"}, secrets)
	d := smtp.Domain{Name: "shop.example", Server: "mail.shop.example", ReturnPath: "bounces.shop.example", Receiver: "carpel.shop.example", Keys: c.Keys()}
	records := map[string][]string{}
	states := func() (string, []smtp.Record) {
		all, err := smtp.Lookup(t.Context(), zone(t, maps.Clone(records)), d)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, r := range all {
			said = append(said, r.What+" "+r.State)
			if (r.State == "ok") != (r.Add == "") && r.State != "unknown" && r.Add == "" && r.What != "spf" && r.What != "dmarc" {
				t.Errorf("nothing to add: %+v", r)
			}
		}
		return strings.Join(said, ", "), all
	}
	said, all := states()
	if said != "spf missing, dkim missing, dkim missing, dmarc missing, return_path missing" {
		t.Error(said)
	}
	for _, r := range all {
		records[r.Type+" "+r.Name] = []string{strings.TrimSuffix(strings.TrimPrefix(r.Add, "10 "), ".")}
	}
	if said, _ := states(); said != "spf ok, dkim ok, dkim ok, dmarc ok, return_path ok" {
		t.Errorf("what was said to add is not right: %s: %v", said, records)
	}
	for _, row := range []struct {
		name  string
		value []string
		want  string
	}{
		{"TXT bounces.shop.example", []string{"v=spf1 a ~all", "v=spf1 mx -all"}, "spf wrong"}, {"TXT bounces.shop.example", []string{"v=spf1 +all"}, "spf wrong"}, {"TXT bounces.shop.example", []string{"something"}, "spf missing"},
		{"TXT bounces.shop.example", []string{"other", "v=spf1 include:x.example -all"}, "spf ok"}, {"TXT bounces.shop.example", []string{"fails"}, "spf unknown"},
		{"TXT carpel._domainkey.shop.example", []string{"v=DKIM1; k=rsa; p=AAAA"}, "dkim wrong"}, {"TXT carpel._domainkey.shop.example", []string{"fails"}, "dkim unknown"},
		{"TXT _dmarc.shop.example", []string{"v=DMARC1; p = reject"}, "dmarc ok"}, {"TXT _dmarc.shop.example", []string{"v=DMARC1; rua=mailto:x@y.example"}, "dmarc wrong"}, {"TXT _dmarc.shop.example", []string{"v=DMARC1; p=none", "v=DMARC1; p=none"}, "dmarc wrong"},
		{"MX bounces.shop.example", []string{"mx.other.example"}, "return_path wrong"}, {"MX bounces.shop.example", []string{"mx.other.example", "CARPEL.shop.example"}, "return_path ok"}, {"MX bounces.shop.example", []string{"fails"}, "return_path unknown"},
	} {
		before := records[row.name]
		records[row.name] = row.value
		said, all := states()
		if !strings.Contains(said, row.want) {
			t.Errorf("%s %v: %s\n%+v", row.name, row.value, said, all)
		}
		records[row.name] = before
	}
	// A subdomain is under the policy of the domain above.
	d = smtp.Domain{Name: "news.shop.example"}
	if said, all := states(); said != "spf missing, dmarc ok" || all[1].Name != "_dmarc.shop.example" {
		t.Error(said, fmt.Sprint(all))
	}
	for name, fine := range map[string]bool{"shop.example": true, "Bücher.example": true, "": false, "shop": false, "a b.example": false, "x..example": false, "a@b.example": false} {
		if _, err := smtp.CheckDomain(name); (err == nil) != fine {
			t.Errorf("%q: %v", name, err)
		}
	}
}
