package tracking

import (
	"net/http"
	"strings"
	"time"

	"github.com/mileusna/useragent"

	"github.com/carpel/carpel"
)

// agent is a program that opens messages or follows links, known by a part of its User-Agent.
type agent struct {
	part  string // in lower case
	early bool   // a person's proxy: a machine's only within earlyWithin of sending, else it shows that somebody opened
}

// agents are the programs that are no person, and those that stand between us and one. What useragent calls a bot is
// one, too. Where they are told of:
//
//   - Google's and Yahoo's image proxies fetch when a person opens, and sometimes when the message arrives:
//     https://support.google.com/mail/answer/145919, https://senders.yahooinc.com/faqs/
//   - security scanners follow links before the person sees them:
//     https://learn.microsoft.com/defender-office-365/safe-links-about, https://help.proofpoint.com,
//     https://www.barracuda.com/support (link protection), https://docs.mimecast.com (URL protection)
//   - link previews of chats and mail programs say who they are, each on its own page of help
var agents = []agent{
	{part: "googleimageproxy", early: true},
	{part: "yahoomailproxy", early: true},
	{part: "safelinks"}, {part: "microsoft office existence discovery"}, {part: "ms-office; msoffice existence"},
	{part: "proofpoint"}, {part: "barracuda"}, {part: "mimecast"}, {part: "trendmicro"}, {part: "symantec"}, {part: "messagelabs"},
	{part: "fireeye"}, {part: "forcepoint"}, {part: "websense"}, {part: "sophos"}, {part: "cloudmark"}, {part: "ironport"}, {part: "zscaler"},
	{part: "skypeuripreview"}, {part: "whatsapp"}, {part: "slackbot"}, {part: "telegrambot"}, {part: "discordbot"}, {part: "facebookexternalhit"},
	{part: "headlesschrome"}, {part: "phantomjs"}, {part: "python"}, {part: "go-http-client"}, {part: "curl/"}, {part: "wget/"}, {part: "java/"},
	{part: "apache-httpclient"}, {part: "okhttp"}, {part: "libwww-perl"}, {part: "node-fetch"}, {part: "axios/"}, {part: "ruby"}, {part: "crawler"}, {part: "spider"}, {part: "scanner"},
}

// applePrivacy is all that the proxy of Apple's Mail Privacy Protection says of itself. It loads what is in a message
// whether it is read or not: https://support.apple.com/guide/iphone/iphf084865c7.
const applePrivacy = "mozilla/5.0"

// earlyWithin is how soon after sending nobody has read a message yet.
const earlyWithin = 2 * time.Second

// isMachine reports whether no person made a request: by what it says of itself, or since it comes too soon.
func isMachine(r *http.Request, d carpel.Delivery, now carpel.Millis) bool {
	early := d.SentAt == 0 || now-d.SentAt < carpel.Millis(earlyWithin.Milliseconds())
	said := strings.ToLower(strings.TrimSpace(r.UserAgent()))
	if early || r.Method == http.MethodHead || said == "" || said == applePrivacy || prefetched(r.Header) {
		return true
	}
	for _, a := range agents {
		if strings.Contains(said, a.part) {
			return !a.early
		}
	}
	return useragent.Parse(r.UserAgent()).Bot
}

// prefetched reports whether a browser says that nobody has asked for the page yet.
func prefetched(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if purpose := strings.ToLower(h.Get(name)); strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "preview") {
			return true
		}
	}
	return false
}
