package tracking

import (
	"regexp"
	"slices"
	"strings"
)

// Report is what a mail server, or a mailbox provider, told of one message: that it did not arrive (RFC 3464), or that
// its reader called it spam (RFC 5965).
type Report struct {
	What       string   // bounced, failed, delayed, delivered, complained, unsubscribed
	BadAddress bool     // of bounced: there is no such recipient, and never will be
	Status     string   // enhanced status (RFC 3463) such as 5.1.1; "" when none was told
	Detail     string   // the server's words, at most 500 bytes
	Deliveries []string // ids of deliveries that the report names, in small letters
}

// What a report says, beside the actions of messages.
const (
	reportDelayed = "delayed" // it is tried again, and nothing has become of it yet
	maxDetail     = 500
)

// MaxReport is how large a report may be.
const MaxReport = 1 << 20

// The bounds within which the parts of a report are looked at.
const (
	maxParts = 50
	maxNest  = 5
)

// ReadReport reads a message that came to the return path. It returns false for what reports nothing: an answer by a
// person or by their absence.
func ReadReport(raw []byte) (Report, bool) {
	if len(raw) > MaxReport {
		return Report{}, false
	}
	m := &reading{}
	m.message(raw, 0)
	r, ok := m.report()
	slices.Sort(m.deliveries)
	r.Deliveries = slices.Compact(m.deliveries)
	return r, ok
}

// reading is what was found in a message so far.
type reading struct {
	parts      int
	status     []fields // groups of message/delivery-status: of the message, then of each recipient
	feedback   fields   // of message/feedback-report
	outlook    bool     // a complaint as Outlook.com sends it, which is of no standard
	failed     bool     // the head says that an address failed
	text       string   // the first text that a person would read
	deliveries []string
}

// deliveryID finds ids of deliveries, however a server has written their letters.
var deliveryID = regexp.MustCompile(`(?i)\bdlv_[a-z2-7]{32}\b`)

// note keeps the deliveries that a text names.
func (m *reading) note(text string) {
	for _, id := range deliveryID.FindAllString(text, 20) {
		m.deliveries = append(m.deliveries, strings.ToLower(id))
	}
}

// report is what was found, as a whole.
func (m *reading) report() (Report, bool) {
	switch {
	case m.feedback != nil:
		return m.feedbackReport()
	case m.outlook:
		return Report{What: "complained"}, true
	case len(m.status) > 0:
		return m.statusReport()
	}
	return m.plainReport()
}

func (m *reading) feedbackReport() (Report, bool) {
	r := Report{Detail: clip(m.feedback.get("User-Agent"))}
	switch strings.ToLower(m.feedback.get("Feedback-Type")) {
	case "abuse", "fraud", "virus", "other":
		r.What = "complained"
	case "opt-out", "opt-out-list":
		r.What = "unsubscribed"
	default: // not-spam, dkim, dmarc, …: nothing about what a reader thinks
		return Report{}, false
	}
	return r, true
}

// statusReport reads the groups of a delivery status. Of several recipients the worst counts: ours is one of them.
func (m *reading) statusReport() (Report, bool) {
	rank := map[string]int{"delivered": 1, reportDelayed: 2, "failed": 3, "bounced": 4}
	var worst Report
	for _, g := range m.status {
		action := strings.ToLower(firstWord(g.get("Action")))
		if action == "" {
			continue // of the message
		}
		r := Report{Status: statusCode.FindString(g.get("Status")), Detail: clip(diagnostic(g.get("Diagnostic-Code")))}
		if more := statusCode.FindString(r.Detail); more != "" && (r.Status == "" || strings.HasSuffix(r.Status, ".0.0")) && (r.Status == "" || more[0] == r.Status[0]) {
			r.Status = more // the server said more than the one that reports it
		}
		switch {
		case action == "delivered":
			r.What = "delivered"
		case action == "delayed":
			r.What = reportDelayed
		case action != "failed":
			continue // relayed, expanded: nothing is known
		case strings.HasPrefix(r.Status, "4"): // it was tried for days
			r.What = "failed"
		default:
			r.What, r.BadAddress = "bounced", badAddress(r.Status, r.Detail)
		}
		if rank[r.What] > rank[worst.What] {
			worst = r
		}
	}
	return worst, worst.What != ""
}

// plainReport reads what old servers send in words alone: Exim's header, and qmail's text.
func (m *reading) plainReport() (Report, bool) {
	if !m.failed && !qmail.MatchString(m.text) {
		return Report{}, false
	}
	r := Report{What: "bounced", Status: statusCode.FindString(m.text)}
	if strings.HasPrefix(r.Status, "4") {
		r.What = "failed"
	}
	r.Detail = clip(verdict.FindString(m.text))
	r.BadAddress = r.What == "bounced" && badAddress(r.Status, m.text)
	return r, true
}

var (
	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	qmail      = regexp.MustCompile(`(?i)this is the qmail-send program|I'm afraid I wasn't able to deliver your message`)
	verdict    = regexp.MustCompile(`(?m)^.*\b[45]\d\d[ -].*$|(?im)^.*(?:no mailbox here|unrouteable address|user unknown|unknown user).*$`)
	unknown550 = regexp.MustCompile(`(?i)user unknown|unknown user|no such (?:user|recipient|mailbox|address|person)|no mailbox here|(?:does not|doesn't|did not) exist|` +
		`(?:invalid|unknown|nonexistent|non-existent) (?:recipient|mailbox|user|address)|(?:recipient|mailbox|user|address|account) (?:is )?(?:unknown|invalid|not found|disabled|inactive)|` +
		`unrouteable address|host or domain name not found|domain (?:name )?not found|null mx`)
)

// badAddresses are the statuses that say that an address is of nobody. Full mailboxes, policies and contents refused are
// bounces as well, and no reason never to try again: https://www.iana.org/assignments/smtp-enhanced-status-codes.
var badAddresses = []string{"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.310"}

func badAddress(status, words string) bool {
	if slices.Contains(badAddresses, status) {
		return true
	}
	vague := status == "" || strings.HasSuffix(status, ".0.0") || status == "5.4.4" || status == "5.5.0"
	return vague && unknown550.MatchString(words)
}

// diagnostic is a Diagnostic-Code without its type: "smtp; 550 5.1.1 …".
func diagnostic(code string) string {
	if kind, words, ok := strings.Cut(code, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " \t") {
		return strings.TrimSpace(words)
	}
	return code
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return strings.TrimRight(word, ";,")
}

// address finds addresses, which are personal and are not kept with what a server says.
var address = regexp.MustCompile(`[^\s<>"'();,:]+@[^\s<>"'();,:]+`)

// clip makes a server's words one line without addresses, of at most so many bytes.
func clip(s string) string {
	s = address.ReplaceAllString(strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " "), "…")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "")
	}
	return s
}
