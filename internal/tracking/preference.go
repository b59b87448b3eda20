package tracking

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// subscriber is who may choose, by the link of a message that they got.
type subscriber struct {
	ticket
	from     string // name of the workspace
	topics   []carpel.Topic
	delivery carpel.Delivery // zero when it is not there any more
}

// test reports whether the message was a try-out, of which nothing follows for the person that it was made up with.
func (s subscriber) test() bool { return s.delivery.Origin.Kind == carpel.FromTest }

// subscriber finds whose link a request is for; CodeNotFound for nobody's.
func (t *Tracker) subscriber(r *http.Request) (s subscriber, err error) {
	if s.ticket, err = readTicket(t.o.Ring, forUnsubscribe, r.PathValue("token")); err != nil {
		return s, carpel.Errorf(carpel.CodeNotFound, "no such link")
	}
	w, err := t.o.Records.Workspace(r.Context(), s.workspace)
	if err != nil {
		return s, err
	}
	s.from = w.Name
	sending, err := t.o.Records.Sending(r.Context(), s.workspace)
	if err != nil {
		return s, err
	}
	s.topics = sending.Topics
	if s.delivery, err = t.o.Records.Delivery(r.Context(), s.workspace, s.ticket.delivery); carpel.ErrorCode(err) == carpel.CodeNotFound {
		err = nil
	}
	return s, err
}

// done is what the page says after a choice.
var done = map[string]string{
	"saved": "Your choices are saved.",
	"off":   "You are unsubscribed. No more emails will come.",
	"on":    "You are subscribed again.",
}

// showPreferences shows what a person gets, and changes nothing: programs follow links, too.
func (t *Tracker) showPreferences(w http.ResponseWriter, r *http.Request) {
	s, err := t.subscriber(r)
	if err != nil {
		t.refuse(w, r, err)
		return
	}
	p := page{From: s.from, Title: "Your email choices"}
	if s.test() {
		p.Text = "This message was a test. Whoever gets the real one can choose here what to hear about."
		p.write(w, http.StatusOK)
		return
	}
	person, err := t.person(r.Context(), s)
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		p.Text = "Nothing is kept about you here any more, and no emails will come."
		p.write(w, http.StatusOK)
		return
	}
	if err != nil {
		t.refuse(w, r, err)
		return
	}
	p.Choices, p.Address = true, masked(person.Email)
	p.Off, _ = chosen(person, carpel.AttrUnsubscribed)
	if just := r.URL.Query().Get("done"); p.Off == (just == "off") { // what the address says must be so
		p.Notice = done[just]
	}
	if p.Off {
		p.Title = "You are unsubscribed"
		p.Text = "You get no emails from " + s.from + "."
	}
	for _, k := range s.topics {
		p.Topics = append(p.Topics, topic{k.Key, k.Name, k.Description, wants(person, k)})
	}
	p.write(w, http.StatusOK)
}

// maxForm is more than any form of ours has.
const maxForm = 64 << 10

// choose does what a person asks for: by the button of their mail program (RFC 8058), which wants no page, or by ours.
func (t *Tracker) choose(w http.ResponseWriter, r *http.Request) {
	s, err := t.subscriber(r)
	if err != nil {
		t.refuse(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseMultipartForm(maxForm); err != nil && err != http.ErrNotMultipart {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	if r.PostForm.Get("List-Unsubscribe") == "One-Click" {
		if err := t.unsubscribe(r.Context(), s, s.delivery.Topic); err != nil {
			t.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("You are unsubscribed.\n"))
		return
	}
	var what string
	switch r.PostForm.Get("do") {
	case "off":
		what, err = "off", t.unsubscribe(r.Context(), s, "")
	case "on":
		what, err = "on", t.note(r.Context(), s, "", "", map[string]bool{carpel.AttrUnsubscribed: false})
	case "save":
		what, err = "saved", t.save(r.Context(), s, r.PostForm["topic"])
	default:
		http.Error(w, "the form says nothing that can be done", http.StatusBadRequest)
		return
	}
	if err != nil {
		t.refuse(w, r, err)
		return
	}
	w.Header().Set("Location", "?done="+what) // of this address, whatever a proxy makes of it
	w.WriteHeader(http.StatusSeeOther)
}

// unsubscribe ends the messages of a topic, or all of them when it is "".
func (t *Tracker) unsubscribe(ctx context.Context, s subscriber, topic string) error {
	return t.note(ctx, s, "unsubscribed", topic, unsubscribing(topic))
}

// unsubscribing is the choice of nothing about a topic, or of nothing at all when it is "".
func unsubscribing(topic string) map[string]bool {
	if topic == "" {
		return map[string]bool{carpel.AttrUnsubscribed: true}
	}
	return map[string]bool{carpel.AttrTopic + topic: false}
}

// save keeps which topics a person wants, as far as that is new. Ending the topic of the message that led here counts as
// unsubscribing by it.
func (t *Tracker) save(ctx context.Context, s subscriber, wanted []string) error {
	if s.test() {
		return nil
	}
	person, err := t.person(ctx, s)
	if err != nil {
		return err
	}
	attributes, action, reason := map[string]bool{}, "", ""
	for _, k := range s.topics {
		want := slices.Contains(wanted, k.Key)
		if want == wants(person, k) {
			continue
		}
		attributes[carpel.AttrTopic+k.Key] = want
		if !want && k.Key == s.delivery.Topic {
			action, reason = "unsubscribed", k.Key
		}
	}
	if len(attributes) == 0 {
		return nil
	}
	return t.note(ctx, s, action, reason, attributes)
}

// note keeps a choice, and tells the engine at once: when it cannot, the choice is kept all the same, and told later.
func (t *Tracker) note(ctx context.Context, s subscriber, action, reason string, attributes map[string]bool) error {
	if s.test() {
		return nil
	}
	err := t.see(ctx, records.Sighting{Workspace: s.workspace, Delivery: s.ticket.delivery, Person: s.rest, Action: action, Reason: reason, Attributes: attributes, At: carpel.MillisOf(t.o.Now())})
	if err != nil {
		return err
	}
	if _, err := t.Tell(context.WithoutCancel(ctx)); err != nil {
		t.failed(ctx, "choice", err)
	}
	return nil
}

func (t *Tracker) person(ctx context.Context, s subscriber) (*carpel.Person, error) {
	db, release, err := t.o.Engine(ctx, s.workspace)
	if err != nil {
		return nil, err
	}
	defer release()
	return db.Person(ctx, carpel.PersonRef{Key: s.rest})
}

// refuse answers a request about preferences that came to nothing.
func (t *Tracker) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		unknown(w)
		return
	}
	if r.Context().Err() == nil {
		t.failed(r.Context(), "choice", err)
	}
	unavailable(w)
}

// wants reports whether a person gets messages of a topic.
func wants(p *carpel.Person, t carpel.Topic) bool {
	if want, known := chosen(p, carpel.AttrTopic+t.Key); known {
		return want
	}
	return !t.OptIn
}

// chosen reads an attribute that is yes or no.
func chosen(p *carpel.Person, name string) (yes, known bool) {
	switch v := p.Attributes[name].Value; strings.ToLower(v.Text()) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// masked is an address such that whoever has it knows it, and nobody else: the message may have been passed on.
func masked(email string) string {
	name, host, ok := strings.Cut(email, "@")
	if !ok || name == "" {
		return ""
	}
	_, first := utf8.DecodeRuneInString(name)
	return name[:first] + "•••@" + host
}
