package tracking

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reported = "dlv_abcdefghijklmnopqrstuvwxyz234567"

// Reports as mail servers and mailbox providers send them, and what is no report.
func TestReadReport(t *testing.T) {
	ours := []string{reported}
	want := map[string]Report{
		"postfix":           {"bounced", true, "5.1.1", "550 5.1.1 <…>: Recipient address rejected: User unknown in local recipient table", ours},
		"postfix-delayed":   {"delayed", false, "4.4.1", "connect to mail.example.org[192.0.2.7]:25: Connection timed out", ours},
		"postfix-expired":   {"failed", false, "4.4.1", "connect to mail.example.org[192.0.2.7]:25: Connection timed out", ours},
		"exim":              {"bounced", true, "5.0.0", "Unrouteable address", ours},
		"exim-old":          {"bounced", true, "5.1.1", "host mx.example.org [192.0.2.9]: 550 5.1.1 unknown user", ours},
		"exchange":          {"bounced", true, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ours},
		"office365-policy":  {"bounced", false, "5.7.1", "550 5.7.1 Unfortunately, messages from [192.0.2.4] weren't sent. Please contact your Internet service provider since part of their network is on our block list.", ours},
		"gmail":             {"bounced", true, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550 5.1.1 unnecessary spaces. - gsmtp", ours},
		"mailbox-full":      {"bounced", false, "5.2.2", "552 5.2.2 The mailbox of … is over quota", ours},
		"qmail":             {"bounced", true, "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)", ours},
		"yahoo-complaint":   {"complained", false, "", "Yahoo!-Mail-Feedback/2.0", ours},
		"outlook-complaint": {"complained", false, "", "", ours},
		"opt-out":           {"unsubscribed", false, "", "Provider/1.0", ours},
		"delivered":         {"delivered", false, "2.0.0", "", ours},
		"not-spam":          {Deliveries: ours},
		"out-of-office":     {Deliveries: ours},
	}
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) != len(want) {
		t.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		crlf := bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
		for how, raw := range map[string][]byte{"as it is": raw, "with CRLF": crlf, "from a pipe": append([]byte("From MAILER-DAEMON Tue Nov 24 10:15:02 2026\n"), raw...)} {
			got, ok := ReadReport(raw)
			if diff := cmp.Diff(want[name], got); diff != "" || ok != (want[name].What != "") {
				t.Errorf("%s, %s: %v %s", name, how, ok, diff)
			}
		}
	}
}

// Whatever comes, reading ends, says nothing that is too long, and holds nobody's address.
func FuzzReadReport(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n--a--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, ok := ReadReport(raw)
		if ok != (r.What != "") {
			t.Fatalf("%v of %q", ok, r.What)
		}
		if len(r.Detail) > maxDetail || strings.ContainsAny(r.Detail, "\r\n\x00") || address.MatchString(r.Detail) {
			t.Fatalf("the detail is %q", r.Detail)
		}
		for _, id := range r.Deliveries {
			if len(id) != len(reported) || id != strings.ToLower(id) {
				t.Fatalf("%q is no id", id)
			}
		}
	})
}

// A report that nests, or has parts, without end is read as far as the bounds go.
func TestReadReportBounds(t *testing.T) {
	inner := "Message-ID: <" + reported + "@x>\n\n"
	deep := inner
	for range 20 {
		deep = "Content-Type: message/rfc822\n\n" + deep
	}
	if r, ok := ReadReport([]byte(deep)); ok || len(r.Deliveries) > 0 {
		t.Errorf("twenty deep: %v", r)
	}
	wide := "Content-Type: multipart/report; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/plain\n\nx\n", 1000) + "--b\nContent-Type: message/rfc822\n\n" + inner + "--b--\n"
	if r, ok := ReadReport([]byte(wide)); ok || len(r.Deliveries) > 0 {
		t.Errorf("a thousand parts: %v", r)
	}
	if _, ok := ReadReport(append([]byte("X-Failed-Recipients: x\n\nuser unknown 5.1.1"), make([]byte, MaxReport)...)); ok {
		t.Error("a report beyond the bound is read")
	}
}
