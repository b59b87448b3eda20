package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Moments and durations are in milliseconds, as everywhere in Carpel.
const (
	second = 1000
	day    = 86_400 * second

	historyDays  = 365
	now          = 1_780_315_200 * second // 2026-06-01T12:00:00Z: every question is asked at this moment
	historyStart = now - historyDays*day
)

// dataVersion changes with what the generator makes, so that data loaded from an older one is not used again.
const dataVersion = 2

// The words of the data. The order is their number in the databases that keep numbers for them.
var (
	eventNames = []string{"App Opened", "Item Viewed", "Search Performed", "Item Added", "Checkout Started", "Order Completed",
		"Video Played", "Message Sent", "Support Contacted", "Plan Changed"}
	eventShare = []float64{0.30, 0.22, 0.14, 0.10, 0.06, 0.05, 0.05, 0.04, 0.025, 0.015}
	channels   = []string{"web", "ios", "android", "email"}
	plans      = []string{"free", "pro", "team", "enterprise"}
	planShare  = []float64{0.62, 0.22, 0.12, 0.04}
	countries  = []string{"US", "DE", "GB", "FR", "IN", "BR", "JP", "ES", "NL", "SE"}
	roles      = []string{"member", "admin", "viewer"}
	languages  = []string{"en", "de", "fr", "es", "pt", "ja"}
	sources    = []string{"organic", "ads", "partner", "referral"}
)

const skus = 200 // values of the property sku

// Scale is how large the data set is.
type Scale struct {
	People int // how many
	Events int // about how many; the number made is that of the people's lives, within a few per cent
}

// Person is one made-up person with everything that they did, in order of time. No two events of a person have the
// same time, and all times are whole seconds, so that a database whose funnels count in seconds answers exactly.
type Person struct {
	ID        int // from 0, dense
	Email     string
	Plan      int // index of plans; so for the others
	Country   int
	Seats     int
	MRR       int // in cents; -1 when the person has none
	Trial     bool
	CreatedAt int64
	Company   string // "" when the person has none
	Role      int
	Language  int
	Score     float64 // with three decimals
	Source    int
	Events    []Event
}

// Event is one thing that a person did.
type Event struct {
	Name    int // index of eventNames
	At      int64
	Total   int // in cents
	Channel int // index of channels
	SKU     int // below skus
}

// UserID is the person's id as a client would send it.
func (p *Person) UserID() string { return fmt.Sprintf("user-%07d", p.ID) }

// SKUText is the property sku of an event.
func (e *Event) SKUText() string { return fmt.Sprintf("SKU-%05d", e.SKU) }

// All yields everyone, each the same for the same scale and number. The person, and their events, are the caller's
// until the next one.
func (s Scale) All(yield func(*Person) bool) {
	var events []Event
	for id := range s.People {
		p := s.person(id, events)
		events = p.Events
		if !yield(&p) {
			return
		}
	}
}

// person makes up one person. How much somebody does follows a power law, as in real traffic: a tenth of the people
// do nearly half of everything, one in a hundred a fifth, and 15 in 100 nothing at all.
func (s Scale) person(id int, events []Event) Person {
	r := rand.New(rand.NewPCG(7, uint64(id)))
	p := s.profile(r, id)
	p.Events = s.events(r, &p, events[:0])
	return p
}

// profile makes up who somebody is, from the beginning of their own random numbers.
func (s Scale) profile(r *rand.Rand, id int) Person {
	p := Person{ID: id, Plan: choose(r, planShare), Country: skewed(r, len(countries)), Seats: 1 + r.IntN(200), MRR: -1, Trial: r.IntN(3) == 0,
		Role: skewed(r, len(roles)), Language: skewed(r, len(languages)), Score: float64(r.IntN(1001)) / 1000, Source: r.IntN(len(sources))}
	p.Email = fmt.Sprintf("user.%d@example%d.com", id, skewed(r, 100))
	if r.IntN(10) < 4 {
		p.Email = fmt.Sprintf("user.%d@mail.example", id)
	}
	if p.Plan > 0 {
		p.MRR = 900 + r.IntN(99_100)
	}
	if r.IntN(10) < 7 {
		p.Company = fmt.Sprintf("Company %d", r.IntN(5000))
	}
	p.CreatedAt = now - day/2 - r.Int64N(2*historyDays*86_400)*second
	return p
}

// events is what a person did: between their first day and now, or the day on which a third of the people stopped.
func (s Scale) events(r *rand.Rand, p *Person, out []Event) []Event {
	const (
		active = 0.85
		tail   = 0.65
		most   = 20_000
	)
	from, until := max(p.CreatedAt, historyStart), int64(now)
	if r.IntN(3) == 0 {
		until = from + r.Int64N((now-from)/second)*second
	}
	if r.Float64() > active {
		return out
	}
	least := float64(s.Events) / float64(s.People) / active * (1 - tail)
	n := int(min(most, least*math.Pow(1-r.Float64(), -tail)) + r.Float64())
	n = min(n, int((until-from)/second/2))
	for range n {
		at := from + r.Int64N((until-from)/second)*second + second
		out = append(out, Event{Name: choose(r, eventShare), At: at, Total: 100 + int(r.ExpFloat64()*8000), Channel: skewed(r, len(channels)), SKU: skewed(r, skus)})
	}
	slices.SortStableFunc(out, func(a, b Event) int { return int((a.At - b.At) / second) })
	for i := 1; i < len(out); i++ {
		out[i].At = max(out[i].At, out[i-1].At+second)
	}
	for len(out) > 0 && out[len(out)-1].At > now { // pushed past the end by others of the same second
		out = out[:len(out)-1]
	}
	return out
}

// choose draws an index by shares that add up to 1.
func choose(r *rand.Rand, shares []float64) int {
	x := r.Float64()
	for i, share := range shares {
		if x -= share; x < 0 {
			return i
		}
	}
	return len(shares) - 1
}

// skewed draws a number below n, the low ones more often.
func skewed(r *rand.Rand, n int) int {
	x := r.Float64()
	return int(x * x * float64(n))
}
