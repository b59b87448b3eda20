package smtp

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// reply is what a server answers: its code, the enhanced one of RFC 3463 if it gives one, and its words.
type reply struct {
	code     int
	enhanced string // "5.1.1"; "" for none
	lines    []string
}

var enhancedCode = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)`)

func newReply(code int, lines []string) reply {
	r := reply{code: code, lines: lines}
	if m := enhancedCode.FindStringSubmatch(lines[0]); m != nil && int(m[1][0]-'0') == code/100 {
		r.enhanced = m[1]
	}
	return r
}

func (r reply) ok() bool { return r.code >= 200 && r.code <= 299 }

// words are the reply in one line.
func (r reply) words() string {
	return outbound.Words(strconv.Itoa(r.code) + " " + strings.Join(r.lines, " "))
}

// stage is what of a transaction a reply answers.
type stage uint8

const (
	atMail stage = iota
	atRcpt
	atData // DATA itself, and the message
)

// Permanent replies that tell of the recipient, by their enhanced code: there is no such mailbox (1.1, 1.10, 1.0, 1.6),
// it is no address (1.2, 1.3), it is disabled (2.1), and 4.1, which Microsoft says of a recipient it does not know.
var noRecipient = []string{"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}

// Permanent replies that tell of us: the sender's address (1.7, 1.8), and who is not logged in or may not send (7.0 with 530,
// 5.7.8, 5.7.9, 5.7.11, 5.7.13).
var ourFault = []string{"5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.11", "5.7.13"}

// outcome is what a reply means at a stage.
func (r reply) outcome(at stage) delivery.Outcome {
	o := delivery.Outcome{Detail: r.words()}
	switch {
	case r.code == 334 || r.code == 354 || r.code < 200 || r.code > 599: // out of turn
		o.Result = delivery.Deferred
	case r.code < 400:
		o.Result = delivery.Accepted
	case r.code < 500:
		o.Result, o.RetryAfter = delivery.Deferred, r.retryAfter()
	case slices.Contains([]int{530, 534, 535, 538}, r.code), slices.Contains(ourFault, r.enhanced):
		o.Result = delivery.Failed
	case slices.Contains(noRecipient, r.enhanced) && at != atMail, r.enhanced == "5.4.1" && at == atRcpt:
		o.Result = delivery.Bounced
	case r.enhanced == "" && at == atRcpt && slices.Contains([]int{550, 551, 553}, r.code):
		o.Result = delivery.Bounced
	case at == atMail && r.code != 552: // of the sender, before a recipient was named; 552 is the size
		o.Result = delivery.Failed
	default:
		o.Result = delivery.Refused
	}
	return o
}

// askedTime finds a span in a server's words: "greylisted, try again in 300 seconds", "retry after 5 minutes".
var askedTime = regexp.MustCompile(`(?i)\b(?:in|after|for)\s+(\d{1,5})\s*(s|m|h)(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?)?\b`)

func (r reply) retryAfter() time.Duration {
	m := askedTime.FindStringSubmatch(r.words())
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // five digits
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[strings.ToLower(m[2])]
	return min(time.Duration(n)*unit, 72*time.Hour)
}
