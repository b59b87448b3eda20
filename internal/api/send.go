package api

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

func (a *API) registerSend() {
	const tag = "Send"
	route(a, operation{Method: http.MethodPost, Path: "/api/send", Scope: records.ScopeSend, ID: "send", Tag: tag, Status: http.StatusAccepted,
		Summary: "Send a message to one person", Errors: []int{http.StatusInsufficientStorage},
		Description: "It is planned durably when this answers, and sent right after. With the same `Idempotency-Key` it is the same message, which goes out once, however often it is asked for: also after a day, when the answer is no longer kept."}, a.send)
	route(a, operation{Method: http.MethodPost, Path: "/api/send/test", Scope: records.ScopeWrite, ID: "sendTest", Tag: tag,
		Summary: "Try a message out", Description: "It is rendered with a person's data and goes to the inbox of the sandbox, or by the channel that is on to the address of a user of the workspace: to nobody else. It is counted nowhere."}, a.sendTest)
}

// Sent is what a message is made of: a template, or a content of its own.
type Sent struct {
	Template string          `json:"template,omitempty" doc:"Id or key of a template; its last version."`
	Content  *carpel.Content `json:"content,omitempty" doc:"In place of a template."`
	Data     *SentData       `json:"data,omitempty"`
}

// SentData are the variables of a message beside its person's.
type SentData struct {
	Event   map[string]any `json:"event,omitempty"`
	Trigger map[string]any `json:"trigger,omitempty"`
}

// maxSentData is how large the variables of a message may be.
const maxSentData = 64 << 10

// sent is a message as it is planned.
type sent struct {
	content  carpel.Content
	template carpel.Template // zero for a content of its own
	data     json.RawMessage
}

func (a *API) readSent(c *call, in Sent) (out sent, err error) {
	switch {
	case (in.Template == "") == (in.Content == nil):
		return out, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/template", Message: "give a template or a content, one of them"}
	case in.Template != "":
		if out.template, err = a.Records.Template(c, c.Workspace, in.Template); err != nil {
			return out, under("/template", err)
		}
		out.content = out.template.Content
	default:
		if _, err := render.Compile(*in.Content); err != nil {
			return out, under("/content", err)
		}
		out.content = *in.Content
	}
	if in.Data == nil {
		return out, nil
	}
	if out.data, err = json.Marshal(in.Data); err != nil {
		return out, err
	}
	if n := int64(len(out.data)); n > maxSentData {
		return out, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/data", Limit: maxSentData, Actual: n, Message: carpel.TooLarge("the data", n, maxSentData)}
	}
	return out, nil
}

type sendIn struct {
	Key  string `header:"Idempotency-Key" doc:"Names the message: it goes out once."`
	Body struct {
		Sent
		To      string              `json:"to" minLength:"1" doc:"The person: a key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
		Mode    carpel.DeliveryMode `json:"mode,omitempty" enum:"at_least_once,at_most_once" doc:"What is promised when the server dies between sending and knowing; at_least_once if left out."`
		Consent bool                `json:"consent,omitempty" doc:"Not to the unsubscribed, within caps and out of quiet hours. A receipt asks for none. Nothing goes to suppressed addresses either way."`
		Topic   string              `json:"topic,omitempty" doc:"With consent: not to those who do not want it."`
	}
}

type sendOut struct {
	Body struct {
		Delivery string `json:"delivery" doc:"Its id: GET /api/deliveries/{id} tells what became of it."`
	}
}

func (a *API) send(c *call, in *sendIn) (*sendOut, error) {
	if err := a.Room(); err != nil {
		return nil, err
	}
	message, err := a.readSent(c, in.Body.Sent)
	if err != nil {
		return nil, err
	}
	p, err := a.personOf(c, in.Body.To)
	if err != nil {
		return nil, under("/to", err)
	}
	d := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromTransactional, ID: message.template.ID, Occurrence: in.Key}, Person: p.Key, Kind: message.content.Kind(),
		Template: message.template.ID, TemplateVersion: message.template.Version, Topic: in.Body.Topic, Consent: in.Body.Consent, Mode: in.Body.Mode, DueAt: carpel.MillisOf(a.Now()), Data: message.data}
	if d.Template == "" {
		d.Content = &message.content
	}
	if d.Mode == "" {
		d.Mode = carpel.AtLeastOnce
	}
	if d.Origin.Occurrence == "" {
		d.Origin.Occurrence = rand.Text()
	}
	if _, err := a.Records.PlanDeliveries(c, c.Workspace, d); err != nil {
		return nil, err
	}
	a.Sender.Wake()
	out := &sendOut{}
	out.Body.Delivery = carpel.DeliveryID(c.Workspace, p.Key, d.Origin)
	return out, nil
}

// personOf returns the person that a text names; CodeNotFound for nobody.
func (a *API) personOf(c *call, name string) (*carpel.Person, error) {
	ref, err := a.personRef(c, name)
	if err != nil {
		return nil, err
	}
	return c.Engine.Person(c, ref)
}

type sendTestIn struct {
	Body struct {
		Sent
		Person string `json:"person,omitempty" doc:"Whose data it has; nobody's if left out."`
		To     string `json:"to,omitempty" doc:"Email address of a user of the workspace; to the inbox of the sandbox if left out."`
	}
}

type sendTestOut struct {
	Body struct {
		Accepted bool   `json:"accepted"`
		Detail   string `json:"detail" doc:"What the receiver said."`
	}
}

func (a *API) sendTest(c *call, in *sendTestIn) (*sendTestOut, error) {
	message, err := a.readSent(c, in.Body.Sent)
	if err != nil {
		return nil, err
	}
	try := delivery.Try{Content: message.content, Person: &carpel.Person{LastSeenAt: carpel.Never}, Data: message.data}
	if in.Body.Person != "" {
		if try.Person, err = a.personOf(c, in.Body.Person); err != nil {
			return nil, under("/person", err)
		}
	}
	if try.To, err = a.testAddress(c, in.Body.To, message.content.Kind()); err != nil {
		return nil, err
	}
	o, err := a.Sender.Try(c, c.Workspace, try)
	if err != nil {
		return nil, err
	}
	out := &sendTestOut{}
	out.Body.Accepted, out.Body.Detail = o.Result == delivery.Accepted, o.Detail
	return out, a.audit(c, "send.test", message.template.ID)
}

// testAddress refuses an address that is of no user of the workspace: a test is no way to write to anybody.
func (a *API) testAddress(c *call, to string, kind carpel.ChannelKind) (string, error) {
	if to == "" {
		return "", nil
	}
	if kind != carpel.Email {
		return "", &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/to", Message: "only an email is tried out at an address; leave it out for the inbox of the sandbox"}
	}
	users, err := a.Records.Users(c, c.Workspace)
	if err != nil {
		return "", err
	}
	for _, u := range users {
		if carpel.Fold(u.Email) == carpel.Fold(strings.TrimSpace(to)) {
			return u.Email, nil
		}
	}
	return "", &carpel.Error{Code: carpel.CodeForbidden, Pointer: "/to", Message: "a test goes to users of the workspace alone: no user has this address"}
}
