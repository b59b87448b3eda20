// Package demo makes up a company: the people of a software service, what they did over the last 90 days, and what
// they go on doing. The same seed gives the same people and the same days, relative to the day it is run.
package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/carpel/carpel"
)

// Company says how large the made-up company is.
type Company struct {
	People int       // default 20,000
	Days   int       // of history; default 90
	Seed   uint64    // default 1
	Now    time.Time // the history ends here
}

// EnsureDefaults fills in what was left out.
func (c *Company) EnsureDefaults() {
	if c.People == 0 {
		c.People = 20_000
	}
	if c.Days == 0 {
		c.Days = 90
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
}

// person is one made-up person, the same for the same seed and number.
type person struct {
	n        int
	rng      *rand.Rand
	fake     *gofakeit.Faker
	id       string
	email    string
	signedUp time.Time
	plan     string
	activity float64 // chance of a visit on a day
	stopped  time.Time
}

var (
	plans     = []string{"trial", "free", "team", "pro", "enterprise"}
	planShare = []float64{0.20, 0.45, 0.20, 0.12, 0.03}
	countries = []string{"US", "DE", "GB", "FR", "ES", "IN", "BR", "JP", "NL", "SE"}
	templates = []string{"blank", "roadmap", "kanban", "retro", "okr"}
	referrers = []string{"google", "newsletter", "partner", "", "", "", "linkedin"}
	pages     = []string{"/", "/pricing", "/docs", "/docs/api", "/features", "/blog/launch", "/settings/billing", "/help/import"}
)

func pick[T any](r *rand.Rand, xs []T) T { return xs[r.IntN(len(xs))] }

// userID is the id of the n-th person.
func userID(n int) string { return fmt.Sprintf("u%05d", n) }

func (c Company) person(n int) person {
	r := rand.New(rand.NewPCG(c.Seed, uint64(n)))
	p := person{n: n, rng: r, fake: gofakeit.NewFaker(rand.NewPCG(c.Seed+1, uint64(n)), false), id: userID(n)}
	age := r.Float64() * float64(c.Days) * 1.6
	p.signedUp = c.Now.Add(-time.Duration(age * 24 * float64(time.Hour))).Truncate(time.Second)
	x := r.Float64()
	for i, share := range planShare {
		if x -= share; x < 0 || i == len(plans)-1 {
			p.plan = plans[i]
			break
		}
	}
	if p.plan == "trial" && age > 30 {
		p.plan = "free"
	}
	// Few are very active, most come now and then; a third stop at some point.
	p.activity = 0.02 + 0.75*r.Float64()*r.Float64()*r.Float64()
	if r.Float64() < 0.33 {
		p.stopped = p.signedUp.Add(time.Duration(r.Float64() * age * 24 * float64(time.Hour)))
	}
	return p
}

// Items yields the company's history person by person, each in order of time.
func (c Company) Items(yield func(carpel.Item) bool) {
	c.EnsureDefaults()
	for n := range c.People {
		p := c.person(n)
		for _, it := range c.life(&p) {
			if !yield(it) {
				return
			}
		}
	}
}

// life is everything one person did.
func (c Company) life(p *person) []carpel.Item {
	first, last := p.fake.FirstName(), p.fake.LastName()
	company := p.fake.Company()
	p.email = strings.ToLower(fmt.Sprintf("%s.%s%d@%s", first, strings.ReplaceAll(last, "'", ""), p.n, pick(p.rng, []string{"gmail.com", "example.com", "example.org", "acme.example", "yahoo.com"})))
	items := []carpel.Item{c.item(p, carpel.ItemIdentify, p.signedUp, "", map[string]carpel.Value{
		"email": carpel.TextValue(p.email), "first_name": carpel.TextValue(first), "last_name": carpel.TextValue(last), "company": carpel.TextValue(company),
		"plan": carpel.TextValue(p.plan), "country": carpel.TextValue(pick(p.rng, countries)), "seats": carpel.NumberValue(float64(1 + p.rng.IntN(40))),
		"created_at": carpel.NumberValue(float64(p.signedUp.Unix())), "unsubscribed": carpel.BoolValue(p.rng.Float64() < 0.04),
		"referrer": carpel.TextValue(pick(p.rng, referrers)),
	})}
	items = append(items, c.item(p, carpel.ItemEvent, p.signedUp, "signed_up", map[string]carpel.Value{"plan": carpel.TextValue(p.plan)}))
	if p.rng.Float64() < 0.35 {
		platform := pick(p.rng, []string{"ios", "android"})
		d := c.item(p, carpel.ItemDevice, p.signedUp.Add(time.Hour), "", nil)
		d.Device = &carpel.DeviceInfo{Token: fmt.Sprintf("demo-%s-%d", platform, p.n), Platform: platform, LastUsed: carpel.MillisOf(p.signedUp.Add(time.Hour)),
			Properties: map[string]carpel.Value{"app_version": carpel.TextValue(pick(p.rng, []string{"4.1.0", "4.2.0", "5.0.0"}))}}
		items = append(items, d)
	}
	start := c.Now.AddDate(0, 0, -c.Days)
	if p.signedUp.After(start) {
		start = p.signedUp
	}
	for day := start; day.Before(c.Now); day = day.AddDate(0, 0, 1) {
		if p.rng.Float64() < p.activity && (p.stopped.IsZero() || day.Before(p.stopped)) {
			at := day.Add(time.Duration(p.rng.Float64() * 10 * float64(time.Hour))).Truncate(time.Millisecond)
			items = append(items, c.visit(p, at)...)
		}
	}
	for _, ago := range []int{45, 12} { // two newsletters
		items = append(items, c.newsletter(p, ago)...)
	}
	items = slices.DeleteFunc(items, func(it carpel.Item) bool { return it.At > carpel.MillisOf(c.Now) })
	slices.SortStableFunc(items, func(a, b carpel.Item) int { return int(a.At - b.At) })
	for i := range items {
		items[i].MessageID = fmt.Sprintf("demo-%d-%d-%d", c.Seed, p.n, i)
	}
	return items
}

// visit is a person looking at pages and using the product.
func (c Company) visit(p *person, at time.Time) []carpel.Item {
	var items []carpel.Item
	next := func(kind carpel.ItemKind, name string, properties map[string]carpel.Value) *carpel.Item {
		at = at.Add(time.Duration(5+p.rng.IntN(300)) * time.Second)
		items = append(items, c.item(p, kind, at, name, properties))
		return &items[len(items)-1]
	}
	for range 1 + p.rng.IntN(3) {
		path := pick(p.rng, pages)
		it := next(carpel.ItemPage, strings.Trim(path, "/"), map[string]carpel.Value{"path": carpel.TextValue(path)})
		it.URL = "https://app.carpel.example" + path
	}
	if p.rng.Float64() < 0.6 {
		next(carpel.ItemEvent, "project_created", map[string]carpel.Value{"template": carpel.TextValue(pick(p.rng, templates)), "private": carpel.BoolValue(p.rng.Float64() < 0.3)})
	}
	if p.rng.Float64() < 0.25 {
		next(carpel.ItemEvent, "member_invited", map[string]carpel.Value{"role": carpel.TextValue(pick(p.rng, []string{"viewer", "editor", "admin"}))})
	}
	if p.rng.Float64() < 0.15 {
		next(carpel.ItemEvent, "export_done", map[string]carpel.Value{"format": carpel.TextValue(pick(p.rng, []string{"pdf", "csv"})), "rows": carpel.NumberValue(float64(p.rng.IntN(5000)))})
	}
	if p.plan != "free" && p.plan != "trial" && p.rng.Float64() < 0.08 {
		next(carpel.ItemEvent, "Order Completed", map[string]carpel.Value{"total": carpel.NumberValue(float64(900+p.rng.IntN(60000)) / 100), "currency": carpel.TextValue("USD")})
	}
	return items
}

// newsletter is an email sent to everybody who could get it, and what came back.
func (c Company) newsletter(p *person, daysAgo int) []carpel.Item {
	at := c.Now.AddDate(0, 0, -daysAgo)
	if at.Before(p.signedUp) {
		return nil
	}
	message := func(action string, after time.Duration) carpel.Item {
		it := c.item(p, carpel.ItemMessage, at.Add(after), "", nil)
		it.Message = &carpel.MessageInfo{Channel: "email", Action: action, Delivery: fmt.Sprintf("demo-%d-%d", p.n, daysAgo), Campaign: fmt.Sprintf("newsletter-%d", daysAgo)}
		return it
	}
	items := []carpel.Item{message("sent", 0), message("delivered", time.Minute)}
	if p.rng.Float64() < 0.02 {
		return append(items[:1], message("bounced", time.Minute))
	}
	if p.rng.Float64() < 0.4 {
		opened := time.Duration(p.rng.IntN(48*3600)) * time.Second
		items = append(items, message("opened", opened))
		if p.rng.Float64() < 0.25 {
			clicked := message("clicked", opened+time.Minute)
			clicked.Message.Link = "https://app.carpel.example" + pick(p.rng, pages)
			items = append(items, clicked)
		}
	}
	return items
}

func (c Company) item(p *person, kind carpel.ItemKind, at time.Time, name string, properties map[string]carpel.Value) carpel.Item {
	return carpel.Item{Kind: kind, Person: carpel.PersonRef{UserID: p.id}, At: carpel.MillisOf(at), Received: carpel.MillisOf(c.Now), Source: "demo", Name: name, Properties: properties}
}

// Trickle yields what happens next, an item at a time, as of the moment given: mostly visits of known people, now and
// then somebody new. tick counts from 0 and makes message ids unique within a run.
func (c Company) Trickle(run string, tick int, now time.Time) []carpel.Item {
	c.EnsureDefaults()
	r := rand.New(rand.NewPCG(c.Seed+uint64(now.UnixNano()), uint64(tick)))
	n := r.IntN(c.People)
	p := c.person(n)
	p.rng = r
	live := c
	live.Now = now
	var items []carpel.Item
	if r.IntN(40) == 0 {
		p.n = c.People + int(now.UnixMilli()%1_000_000_000)
		p.id = fmt.Sprintf("u%d", p.n)
		p.signedUp, p.plan = now, "trial"
		live.Days, p.activity = 1, 0
		items = live.life(&p)
	} else {
		items = live.visit(&p, now)
	}
	for i := range items {
		items[i].At = min(items[i].At, carpel.MillisOf(now))
		items[i].MessageID = fmt.Sprintf("%s-%d-%d", run, tick, i)
	}
	return items
}
