package server_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"testing"

	"github.com/carpel/carpel"
)

// bounce is a report about a delivery as Postfix sends it.
func bounce(delivery, action, status, words string) string {
	return "From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ann@example.com\r\nAction: " + action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + words + "\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + delivery + "@shop.example>\r\n\r\n--b--\r\n"
}

// complaint is a report that a reader called a message spam.
func complaint(delivery string) string {
	return "From: feedback@provider.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n" +
		"Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + delivery + "@shop.example>\r\n\r\n--b--\r\n"
}

// A report that is piped in becomes activity, a moment of the delivery and, when the address is of nobody or its owner
// complains, a suppression. What is only delayed changes nothing.
func TestReportByAPI(t *testing.T) {
	rows := []struct {
		what       string
		report     func(delivery string) string
		says       string
		suppressed string // why
		moments    carpel.Delivery
		activity   []string
	}{
		{"nobody there", func(id string) string {
			return bounce(id, "failed", "5.1.1", "550 5.1.1 <ann@example.com>: user unknown")
		}, "bounced", "bounce",
			carpel.Delivery{BouncedAt: 1}, []string{"bounced 550 5.1.1 <…>: user unknown"}},
		{"refused by policy", func(id string) string { return bounce(id, "failed", "5.7.1", "550 5.7.1 blocked") }, "bounced", "", carpel.Delivery{BouncedAt: 1}, []string{"bounced 550 5.7.1 blocked"}},
		{"given up", func(id string) string { return bounce(id, "failed", "4.4.7", "expired") }, "failed", "", carpel.Delivery{}, []string{"failed expired"}},
		{"delayed", func(id string) string { return bounce(id, "delayed", "4.4.1", "timed out") }, "delayed", "", carpel.Delivery{}, []string{}},
		{"delivered", func(id string) string { return bounce(id, "delivered", "2.0.0", "250 ok") }, "delivered", "", carpel.Delivery{DeliveredAt: 1}, []string{"delivered 250 ok"}},
		{"spam", complaint, "complained", "complaint", carpel.Delivery{ComplainedAt: 1}, []string{"complained x/1"}},
	}
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			m := newMail(t, nil)
			for range 2 { // mail servers report again
				a := m.want(200, "POST /api/bounces", row.report(m.delivery), "Content-Type", "message/rfc822")
				if a.get("deliveries.0.what") != row.says || a.get("deliveries.0.suppressed") != (row.suppressed != "") {
					t.Errorf("the answer is %s", a.body)
				}
			}
			m.tell()
			m.same("moments", row.moments, m.moments())
			m.same("activity", row.activity, m.activity())
			reason, err := m.server.SuppressedFor(t.Context(), m.workspace, "ANN@example.com")
			if err != nil || reason != row.suppressed {
				t.Errorf("suppressed for %q, %v", reason, err)
			}
		})
	}
	m := newMail(t, nil)
	m.want(404, "POST /api/bounces", bounce("dlv_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "failed", "5.1.1", "no"), "Content-Type", "message/rfc822")
	m.want(400, "POST /api/bounces", "Subject: out of office\r\n\r\nI am away", "Content-Type", "message/rfc822")
	other := client{t, m.server, m.want(201, "POST /api/workspaces", map[string]string{"name": "other"}).get("key.secret").(string)}
	other.want(404, "POST /api/bounces", bounce(m.delivery, "failed", "5.1.1", "no"), "Content-Type", "message/rfc822")
}

// The receiver takes mail to the return paths of deliveries, and nothing else; what it takes is durable.
func TestReportByMail(t *testing.T) {
	m := newMail(t, nil)
	m.server.ListenForReports("127.0.0.1:0")
	ctx, stop := context.WithCancel(t.Context())
	ran, started := make(chan error, 1), make(chan string, 1)
	go func() { ran <- m.server.Run(ctx, func(at string) { started <- at }) }()
	<-started
	at := m.server.BounceAddress()
	path := func(delivery string) string {
		return "bounce+" + m.server.BounceToken(delivery) + "@bounces.shop.example"
	}
	someone := "dlv_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	if p := path(m.delivery); strings.Index(p, "@") > 64 || strings.ToLower(p) != p {
		t.Errorf("%s is too long for an address, or a server may change it", p)
	}
	for _, to := range []string{"postmaster@shop.example", "ann@example.com", "bounce+" + m.delivery[4:] + "@x.example", "bounce+" + m.delivery[4:] + strings.Repeat("0", 20) + "@x.example"} {
		if err := smtp.SendMail(at, nil, "", []string{to}, []byte(bounce(m.delivery, "failed", "5.1.1", "no"))); err == nil || !strings.HasPrefix(err.Error(), "550") {
			t.Errorf("mail to %s is taken: %v", to, err)
		}
	}
	// A report that names another's delivery counts for the one whose return path it came to alone.
	if err := smtp.SendMail(at, nil, "", []string{path(someone)}, []byte(bounce(m.delivery, "failed", "5.1.1", "no"))); err != nil {
		t.Error(err)
	}
	if err := smtp.SendMail(at, nil, "", []string{path(m.delivery)}, []byte("Auto-Submitted: auto-replied\r\nSubject: away\r\n\r\nuser unknown 5.1.1\r\n")); err != nil {
		t.Error(err)
	}
	big := bounce(m.delivery, "failed", "5.1.1", "no") + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 16<<10)
	if err := smtp.SendMail(at, nil, "", []string{path(m.delivery)}, []byte(big)); err == nil || !strings.HasPrefix(err.Error(), "552") {
		t.Errorf("a report beyond the bound is taken: %v", err)
	}
	m.same("nothing yet", carpel.Delivery{}, m.moments())
	if err := smtp.SendMail(at, nil, "", []string{strings.ToUpper(path(m.delivery))}, []byte(bounce(someone, "failed", "5.1.1", "550 5.1.1 no such user"))); err != nil {
		t.Error(err)
	}
	m.until("GET /api/people/ann/messages", func(a answer) bool { return a.get("events.0.properties.$action") == "bounced" })
	reason, err := m.server.SuppressedFor(t.Context(), m.workspace, "ann@example.com")
	if err != nil || reason != "bounce" {
		t.Errorf("suppressed for %q, %v", reason, err)
	}
	// More connections than there may be wait; none keeps the server from stopping.
	for range 12 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "EHLO x\r\n")
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

// What a provider reports by the API of another's shape counts for our deliveries as if it had come to us: the person is
// the delivery's, whoever the report says that it went to.
func TestReportedDeliveries(t *testing.T) {
	report := func(m *mail, metric, more string) {
		t.Helper()
		for range 2 {
			body := fmt.Sprintf(`{"delivery_id":%q,"metric":%q,"timestamp":%d%s}`, m.delivery, metric, m.clock.now().Unix()-5, more)
			m.want(200, "POST /api/v1/metrics", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("site:"+writeKey)))
		}
	}
	m := newMail(t, nil)
	report(m, "delivered", "")
	report(m, "opened", "")
	report(m, "clicked", `,"href":"https://shop.example/"`)
	report(m, "bounced", `,"reason":"552 5.2.2 mailbox full","recipient":"other@example.com"`)
	m.tell()
	m.same("moments", carpel.Delivery{DeliveredAt: 1, OpenedAt: 1, ClickedAt: 1, BouncedAt: 1}, m.moments())
	m.same("activity", []string{"delivered", "opened", "clicked https://shop.example/", "bounced 552 5.2.2 mailbox full"}, m.activity())
	for metric, why := range map[string]string{"bounced": "bounce", "spammed": "complaint", "unsubscribed": ""} {
		m := newMail(t, nil)
		report(m, metric, "")
		m.tell()
		reason, err := m.server.SuppressedFor(t.Context(), m.workspace, "ann@example.com")
		if got := m.attribute("unsubscribed") == true; err != nil || reason != why || got != (metric == "unsubscribed") {
			t.Errorf("%s: suppressed for %q, unsubscribed %v, %v", metric, reason, got, err)
		}
	}
	// A delivery that is nobody's here, and names no recipient, is listed.
	m.delivery = "dlv_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	m.do("POST /api/v1/metrics", fmt.Sprintf(`{"delivery_id":%q,"metric":"opened"}`, m.delivery), "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("site:"+writeKey)))
	if a := m.want(200, "GET /api/rejected", nil); a.get("rejected.0.code") != "not_found" {
		t.Errorf("listed: %s", a.body)
	}
}
