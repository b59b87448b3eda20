package server_test

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
	"github.com/carpel/carpel/internal/server"
)

// browser is what a person's program says of itself.
const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

// mail is a server with one person who got a message a minute ago.
type mail struct {
	client
	server    *server.Server
	clock     *wallClock
	workspace string
	person    string // key
	delivery  string
	links     render.Links
}

func newMail(t *testing.T, change func(d *carpel.Delivery)) *mail {
	t.Helper()
	clock := &wallClock{}
	s := open(t, func(c *server.Config) {
		c.Now, c.PublicURL, c.OutboundAllow = clock.now, "https://carpel.example/", []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	m := &mail{client: client{t, s, adminKey}, server: s, clock: clock}
	m.bringIn("kind=people&format=csv", []byte("id,email\nann,ann@example.com\n"))
	m.workspace = m.want(200, "GET /api/workspace", nil).get("id").(string)
	m.person = m.want(200, "GET /api/people/ann", nil).get("key").(string)
	d := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: "brd_1"}, Person: m.person, Kind: carpel.Email, Consent: true, Mode: carpel.AtMostOnce, Recipient: "ann@example.com"}
	if change != nil {
		change(&d)
	}
	var err error
	if m.delivery, m.links, err = s.Sent(t.Context(), m.workspace, d, carpel.MillisOf(clock.now().Add(-time.Minute))); err != nil {
		t.Fatal(err)
	}
	return m
}

// path is the part of a link behind the public address.
func (m *mail) path(link string) string {
	m.t.Helper()
	path, ok := strings.CutPrefix(link, "https://carpel.example")
	if !ok {
		m.t.Fatalf("%s is not an address of this server", link)
	}
	return path
}

// moments is the delivery, what became of it alone, each as 1 for some moment.
func (m *mail) moments() carpel.Delivery {
	m.t.Helper()
	d, err := m.server.Delivery(m.t.Context(), m.workspace, m.delivery)
	if err != nil {
		m.t.Fatal(err)
	}
	out := carpel.Delivery{}
	for _, p := range [][2]*carpel.Millis{{&d.OpenedAt, &out.OpenedAt}, {&d.ClickedAt, &out.ClickedAt}, {&d.UnsubscribedAt, &out.UnsubscribedAt}, {&d.BouncedAt, &out.BouncedAt}, {&d.DeliveredAt, &out.DeliveredAt},
		{&d.ComplainedAt, &out.ComplainedAt}, {&d.MachineOpenedAt, &out.MachineOpenedAt}, {&d.MachineClickAt, &out.MachineClickAt}} {
		if *p[0] != 0 {
			*p[1] = 1
		}
	}
	return out
}

// tell lets everything become known that came back.
func (m *mail) tell() {
	m.t.Helper()
	m.clock.jump(3 * time.Second)
	if err := m.server.Tell(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
}

// activity is what the person's timeline holds of messages, newest first: "clicked https://… machine".
func (m *mail) activity() []string {
	m.t.Helper()
	events := m.want(200, "GET /api/people/ann/messages", nil).get("events").([]any)
	all := []string{}
	for _, e := range events {
		p := e.(map[string]any)["properties"].(map[string]any)
		line := p["$action"].(string)
		for _, name := range []string{"$link", "$reason"} {
			if x, ok := p[name]; ok {
				line += " " + x.(string)
			}
		}
		if p["$machine"] == true {
			line += " machine"
		}
		all = append(all, line)
	}
	return all
}

func (m *mail) attribute(name string) any {
	m.t.Helper()
	return m.want(200, "GET /api/people/ann", nil).get("attributes." + name + ".value")
}

var anyOrder = cmpopts.SortSlices(func(a, b string) bool { return a < b })

func (m *mail) same(what string, want, got any) {
	m.t.Helper()
	if diff := cmp.Diff(want, got, anyOrder); diff != "" {
		m.t.Errorf("%s: %s", what, diff)
	}
}

// Opens and clicks are kept before they are answered, become activity of the person and moments of the delivery, and
// count once in a minute.
func TestOpensAndClicks(t *testing.T) {
	m := newMail(t, nil)
	opened := m.define("Opened", `message email opened at least 1 times`)
	shop := m.path(m.links.Link("https://shop.example/a?b=c&d=é#e"))
	for range 2 {
		a := m.want(200, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
		if a.header.Get("Content-Type") != "image/gif" || !strings.HasPrefix(string(a.body), "GIF89a") || a.header.Get("Cache-Control") != "no-store, private" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("the pixel is %v %q", a.header, a.body)
		}
		if a := m.want(302, "GET "+shop, nil, "User-Agent", browser); a.header.Get("Location") != "https://shop.example/a?b=c&d=é#e" || len(a.body) > 0 {
			t.Errorf("the click leads to %v", a.header)
		}
	}
	m.tell()
	m.same("activity", []string{"opened", "clicked https://shop.example/a?b=c&d=é#e"}, m.activity())
	m.same("moments", carpel.Delivery{OpenedAt: 1, ClickedAt: 1}, m.moments())
	if a := m.want(200, "GET /api/segments/"+opened, nil); a.get("count") != 1.0 {
		t.Errorf("the segment has %v", a.get("count"))
	}
	m.clock.jump(time.Minute)
	m.want(200, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
	m.tell()
	m.same("a minute later", []string{"opened", "opened", "clicked https://shop.example/a?b=c&d=é#e"}, m.activity())
}

// What no person did is marked, kept apart, and is not what segments or campaigns act on as a person's.
func TestMachines(t *testing.T) {
	rows := []struct {
		what    string
		request string // method and which link
		headers []string
		want    carpel.Delivery
	}{
		{"Apple's privacy proxy", "GET pixel", []string{"User-Agent", "Mozilla/5.0"}, carpel.Delivery{MachineOpenedAt: 1}},
		{"Google's image proxy, later", "GET pixel", []string{"User-Agent", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"}, carpel.Delivery{OpenedAt: 1}},
		{"a program without a name", "GET click", []string{"User-Agent", ""}, carpel.Delivery{MachineClickAt: 1}},
		{"HEAD", "HEAD click", []string{"User-Agent", browser}, carpel.Delivery{MachineClickAt: 1}},
		{"a scanner", "GET click", []string{"User-Agent", "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"}, carpel.Delivery{MachineClickAt: 1}},
		{"a bot", "GET click", []string{"User-Agent", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"}, carpel.Delivery{MachineClickAt: 1}},
		{"a browser that prefetches", "GET click", []string{"User-Agent", browser, "Sec-Purpose", "prefetch;prerender"}, carpel.Delivery{MachineClickAt: 1}},
		{"a person", "GET click", []string{"User-Agent", browser}, carpel.Delivery{ClickedAt: 1}},
	}
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			m := newMail(t, nil)
			method, which, _ := strings.Cut(row.request, " ")
			link := map[string]string{"pixel": m.links.Pixel, "click": m.links.Link("https://shop.example/")}[which]
			m.do(method+" "+m.path(link), nil, row.headers...)
			m.tell()
			m.same("moments", row.want, m.moments())
			if got := m.activity(); len(got) != 1 || strings.Contains(got[0], "machine") != (row.want.MachineClickAt+row.want.MachineOpenedAt > 0) {
				t.Errorf("the activity is %q", got)
			}
		})
	}
	t.Run("every link in a moment", func(t *testing.T) {
		m := newMail(t, nil)
		for _, to := range []string{"https://shop.example/1", "https://shop.example/2", "https://shop.example/3"} {
			m.want(302, "GET "+m.path(m.links.Link(to)), nil, "User-Agent", browser)
		}
		m.tell()
		m.same("moments", carpel.Delivery{MachineClickAt: 1}, m.moments())
		m.want(302, "GET "+m.path(m.links.Link("https://shop.example/2")), nil, "User-Agent", browser)
		m.tell()
		m.same("a person, later", carpel.Delivery{MachineClickAt: 1, ClickedAt: 1}, m.moments())
	})
	t.Run("too soon", func(t *testing.T) {
		m := newMail(t, nil)
		m.clock.jump(-59 * time.Second)
		m.want(302, "GET "+m.path(m.links.Link("https://shop.example/")), nil, "User-Agent", browser)
		m.want(200, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
		m.clock.jump(59 * time.Second)
		m.tell()
		m.same("moments", carpel.Delivery{MachineClickAt: 1, MachineOpenedAt: 1}, m.moments())
	})
}

// Nobody makes a link of ours, changes one, or uses one for what it was not made for; and a destination is a web page.
func TestForgedLinks(t *testing.T) {
	m := newMail(t, nil)
	click, pixel, choices := m.path(m.links.Link("https://shop.example/")), m.path(m.links.Pixel), m.path(m.links.Preferences)
	token := func(path string) string { return path[len("/m/x/"):] }
	flipped := []byte(token(click))
	flipped[len(flipped)/2] ^= 1
	for _, path := range []string{
		"/m/c/" + token(pixel), "/m/o/" + token(click), "/m/u/" + token(click), "/m/c/" + token(choices), "/m/c/" + string(flipped), "/m/c/" + token(click)[:40],
		"/m/c/x", "/m/c/", "/m/", "/m/x/" + token(click), "/m/c/" + strings.Repeat("A", 9000), "/m/c/" + url.QueryEscape("https://evil.example/"), "/m/c/https:%2F%2Fevil.example",
	} {
		a := m.want(404, "GET "+path, nil)
		if a.header.Get("Location") != "" || !strings.Contains(string(a.body), "does not work") {
			t.Errorf("%s: %v %s", path, a.header, a.body)
		}
	}
	m.want(404, "POST /m/u/"+token(click), "List-Unsubscribe=One-Click")
	if strings.Contains(click, "shop") || strings.Contains(click, m.delivery[4:]) {
		t.Errorf("%s tells where it leads", click)
	}
	for _, link := range []string{"mailto:a@example.com", "javascript:alert(1)", "#top", "tel:+1", "/here", "https://", "", "ftp://x.example/", m.links.Preferences, "https://x.example/" + strings.Repeat("a", 5000)} {
		if got := m.links.Link(link); got != link {
			t.Errorf("%q became %q", link, got)
		}
	}
	m.tell()
	m.same("activity", []string{}, m.activity())
}

const form = "application/x-www-form-urlencoded"

// One click unsubscribes by RFC 8058: a POST, without cookie or redirect. Nothing that only looks does.
func TestOneClick(t *testing.T) {
	m := newMail(t, nil)
	path := m.path(m.links.Unsubscribe)
	for _, method := range []string{"GET", "HEAD"} {
		a := m.want(200, method+" "+path+"?List-Unsubscribe=One-Click&do=off", nil)
		if method == "GET" && (!strings.Contains(string(a.body), "Unsubscribe from all") || strings.Contains(string(a.body), "ann@") || a.header.Get("Set-Cookie") != "") {
			t.Errorf("the page is %s", a.body)
		}
	}
	m.want(400, "POST "+path, "", "Content-Type", form)
	m.want(400, "POST "+path+"?List-Unsubscribe=One-Click", "x=y", "Content-Type", form)
	m.tell()
	if got := m.attribute("unsubscribed"); got != nil {
		t.Fatalf("a look unsubscribes: %v", got)
	}
	for range 2 {
		a := m.want(200, "POST "+path, "List-Unsubscribe=One-Click", "Content-Type", form)
		if a.header.Get("Location") != "" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("one click answers %v", a.header)
		}
		if got := m.attribute("unsubscribed"); got != true { // at once
			t.Fatalf("one click sets %v", got)
		}
	}
	m.same("activity", []string{"unsubscribed"}, m.activity())
	m.same("moments", carpel.Delivery{UnsubscribedAt: 1}, m.moments())
}

// RFC 8058 lets mail programs send the field as multipart, too; of a topic's message it ends the topic.
func TestOneClickOfTopic(t *testing.T) {
	m := newMail(t, func(d *carpel.Delivery) { d.Topic = "news" })
	body := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
	m.want(200, "POST "+m.path(m.links.Unsubscribe), body, "Content-Type", "multipart/form-data; boundary=x")
	if all, news := m.attribute("unsubscribed"), m.want(200, "GET /api/people/ann", nil); all != nil || !strings.Contains(string(news.body), `"topic.news":{"value":false`) {
		t.Errorf("one click ends %v, %s", all, news.body)
	}
	m.same("activity", []string{"unsubscribed news"}, m.activity())
}

// The page shows what a person gets, and does what its buttons say, there and back.
func TestPreferences(t *testing.T) {
	m := newMail(t, func(d *carpel.Delivery) { d.Topic = "news" })
	how := carpel.Sending{Topics: []carpel.Topic{{Key: "news", Name: "News <b>"}, {Key: "deals", Name: "Deals", OptIn: true, Description: "Now and then"}}}
	if err := m.server.SetSending(t.Context(), m.workspace, how); err != nil {
		t.Fatal(err)
	}
	path := m.path(m.links.Preferences)
	page := func(query string, want ...string) {
		t.Helper()
		a := m.want(200, "GET "+path+query, nil)
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("the policy is %q", policy)
		}
		for _, text := range want {
			if !strings.Contains(string(a.body), text) {
				t.Errorf("the page lacks %q: %s", text, a.body)
			}
		}
	}
	press := func(body, then string) {
		t.Helper()
		m.clock.jump(time.Second)
		if a := m.want(303, "POST "+path, body, "Content-Type", form); a.header.Get("Location") != "?done="+then {
			t.Errorf("%s leads to %q", body, a.header.Get("Location"))
		}
	}
	page("", "News &lt;b&gt;", `value="news" checked`, `value="deals">`, "Now and then", "a•••@example.com", "default")
	press("do=save&topic=deals&topic=other", "saved")
	page("?done=saved", `value="news">`, `value="deals" checked`, "choices are saved")
	m.same("the topic of the message", []string{"unsubscribed news"}, m.activity())
	press("do=off&topic=deals", "off")
	page("?done=off", "You are unsubscribed", "Get emails again")
	if a := m.want(200, "GET "+path+"?done=on", nil); strings.Contains(string(a.body), "subscribed again") {
		t.Error("the page says what is not so")
	}
	press("do=on", "on")
	page("?done=on", "subscribed again", `value="deals" checked`)
	if got := m.attribute("unsubscribed"); got != false {
		t.Errorf("unsubscribed is %v", got)
	}
	m.want(204, "DELETE /api/people/ann", nil)
	page("", "Nothing is kept about you")
	m.want(200, "POST "+path, "List-Unsubscribe=One-Click", "Content-Type", form)
	press("do=off", "off")
}

// A try-out of a message shows the page, and changes nothing for the person that it was made up with.
func TestTryOutUnsubscribesNobody(t *testing.T) {
	m := newMail(t, func(d *carpel.Delivery) { d.Origin.Kind = carpel.FromTest })
	path := m.path(m.links.Unsubscribe)
	if a := m.want(200, "GET "+path, nil); !strings.Contains(string(a.body), "was a test") {
		t.Errorf("the page is %s", a.body)
	}
	m.want(200, "POST "+path, "List-Unsubscribe=One-Click", "Content-Type", form)
	m.want(303, "POST "+path, "do=off", "Content-Type", form)
	m.want(200, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
	m.tell()
	m.same("activity", []string{}, m.activity())
	if got := m.attribute("unsubscribed"); got != nil {
		t.Errorf("a try-out unsubscribes: %v", got)
	}
}

// On a full disk opens and clicks are not kept, which the pixel says and the metrics count; whoever follows a link gets
// there, and whoever unsubscribes is unsubscribed.
func TestTrackingOnFullDisk(t *testing.T) {
	m := newMail(t, nil)
	m.server.FillDisk()
	m.want(503, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
	m.want(302, "GET "+m.path(m.links.Link("https://shop.example/")), nil, "User-Agent", browser)
	m.want(200, "POST "+m.path(m.links.Unsubscribe), "List-Unsubscribe=One-Click", "Content-Type", form)
	if got := m.attribute("unsubscribed"); got != true {
		t.Errorf("on a full disk nobody can unsubscribe: %v", got)
	}
	m.tell()
	m.same("activity", []string{"unsubscribed"}, m.activity())
	if metrics := m.server.Metrics(); !strings.Contains(metrics, `carpel_requests_refused_total{api="tracking",reason="disk_full"} 2`) {
		t.Error("what was not kept is not counted")
	}
}

// A server that runs tells the engines by itself, also of what came just before it was stopped.
func TestToldAfterRestart(t *testing.T) {
	m := newMail(t, nil)
	m.want(200, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
	m.want(302, "GET "+m.path(m.links.Link("https://shop.example/")), nil, "User-Agent", browser)
	m.same("not told yet", []string{}, m.activity())
	ctx, stop := context.WithCancel(t.Context())
	ran, started := make(chan error, 1), make(chan string, 1)
	go func() { ran <- m.server.Run(ctx, func(at string) { started <- at }) }()
	base := "http://" + <-started
	m.clock.jump(time.Hour)
	m.until("GET /api/people/ann/messages", func(a answer) bool { return len(a.get("events").([]any)) == 2 })
	// A real client, which follows nothing, over a real connection.
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Post(base+m.path(m.links.Unsubscribe), form, strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	res.Body.Close()
	c.CloseIdleConnections()
	if got := m.attribute("unsubscribed"); got != true {
		t.Errorf("one click sets %v", got)
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}
