package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/provider"
	"github.com/carpel/carpel/internal/delivery/smtp"
	"github.com/carpel/carpel/internal/records"
)

func (a *API) registerChannels() {
	const tag = "Channels"
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/channels", Scope: records.ScopeRead, ID: "listChannels", Tag: tag,
		Summary: "List channels", Description: "Without the sandbox, which every workspace has."}, a.listChannels)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/channels", Scope: records.ScopeAdmin, ID: "createChannel", Tag: tag, Status: http.StatusCreated,
		Summary: "Add a channel", Description: "Secrets are kept sealed, and never shown. Of a channel of SMTP with `dkim_domain` the keys are made; of one of webhooks the secret, if none is given, " +
			"which is in this answer only."}, a.createChannel)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/channels/{id}", Scope: records.ScopeRead, ID: "getChannel", Tag: tag,
		Summary: "Read a channel"}, a.getChannel)
	routeRecords(a, operation{Method: http.MethodPut, Path: "/api/channels/{id}", Scope: records.ScopeAdmin, ID: "updateChannel", Tag: tag,
		Summary: "Change a channel", Errors: []int{http.StatusPreconditionFailed},
		Description: "Fields left out stay as they are; `settings` are replaced as a whole, of `secrets` those given, and an empty one is taken away. A password is given again when the server or the name " +
			"is another. A new secret of webhooks signs beside the one before it, until `previous_secret` is taken away."}, a.updateChannel)
	routeRecords(a, operation{Method: http.MethodDelete, Path: "/api/channels/{id}", Scope: records.ScopeAdmin, ID: "deleteChannel", Tag: tag,
		Summary: "Delete a channel", Description: "While there is no other of its kind, messages go to the sandbox."}, a.deleteChannel)
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/channels/{id}/check", Scope: records.ScopeAdmin, ID: "checkChannel", Tag: tag,
		Summary: "Try a channel without a message", Description: "Connects and logs in, where there is something to connect to."}, a.checkChannel)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/channels/dns", Scope: records.ScopeRead, ID: "lookUpDomain", Tag: tag,
		Summary: "How a domain is set up for mail", Description: "Looks SPF, DKIM, DMARC and the return path up in the DNS, and says what to add. Keys and return path are those of the channel of SMTP that is on, else of the first."}, a.lookUpDomain)
}

// Channel is a channel as others see it: without its secrets.
type Channel struct {
	carpel.Channel
	Has    []string `json:"has" doc:"Names of the secrets that it has."`
	Fault  string   `json:"fault,omitempty" doc:"Why it cannot be opened."`
	Secret string   `json:"secret,omitempty" doc:"A secret that was made with it: shown once."`
}

// shown is a channel with the names of its secrets.
func (a *API) shown(c carpel.Channel) Channel {
	out := Channel{Channel: c}
	var err error
	if out.Has, err = a.Providers.Has(c); err != nil {
		out.Fault, out.Has = problemOf(a.readable(context.Background(), err)).Detail, []string{}
	}
	if out.Has == nil {
		out.Has = []string{}
	}
	return out
}

type channelsOut struct {
	Body struct {
		Channels []Channel `json:"channels"`
	}
}

func (a *API) listChannels(c *call, _ *struct{}) (*channelsOut, error) {
	all, err := a.Records.Channels(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	out := &channelsOut{}
	out.Body.Channels = []Channel{}
	for _, ch := range all {
		out.Body.Channels = append(out.Body.Channels, a.shown(ch))
	}
	return out, nil
}

type channelPath struct {
	ID string `path:"id"`
}

// channelOut is an answer of one channel; ETag is what If-Match takes.
type channelOut struct {
	ETag string `header:"ETag"`
	Body Channel
}

func (a *API) channelAnswer(ch carpel.Channel, secret string) *channelOut {
	out := &channelOut{ETag: etag(ch.UpdatedAt), Body: a.shown(ch)}
	out.Body.Secret = secret
	return out
}

func (a *API) getChannel(c *call, in *channelPath) (*channelOut, error) {
	ch, err := a.Records.Channel(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return a.channelAnswer(ch, ""), nil
}

type createChannelIn struct {
	Body struct {
		Provider carpel.Provider   `json:"provider" enum:"smtp,fcm,apns,webpush,webhook"`
		Name     string            `json:"name,omitempty" maxLength:"150" doc:"The provider's if left out."`
		On       bool              `json:"on,omitempty" doc:"Whether messages go through it; of each provider one at a time."`
		Settings map[string]any    `json:"settings,omitempty" doc:"By provider; see the guide."`
		Secrets  map[string]string `json:"secrets,omitempty"`
	}
}

func (a *API) createChannel(c *call, in *createChannelIn) (*channelOut, error) {
	b := in.Body
	if b.Name == "" {
		b.Name = string(b.Provider)
	}
	if b.Settings == nil {
		b.Settings = map[string]any{}
	}
	edit := provider.Edit{Name: &b.Name, On: &b.On, Settings: b.Settings, Secrets: b.Secrets}
	if err := edit.Prepare(b.Provider, nil); err != nil {
		return nil, err
	}
	var secret string
	ch, err := a.Records.CreateChannel(c, c.Workspace, func(ch *carpel.Channel) (err error) {
		ch.Provider, ch.Kind = b.Provider, b.Provider.Kind()
		secret, err = a.Providers.Apply(ch, edit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.channelAnswer(ch, secret), a.auditDetail(c, "channel.create", ch.ID, detail{"provider": ch.Provider, "on": ch.On})
}

type updateChannelIn struct {
	ID      string `path:"id"`
	IfMatch string `header:"If-Match" doc:"The ETag that the channel must still have; 412 otherwise."`
	Body    struct {
		Name     *string           `json:"name,omitempty" minLength:"1" maxLength:"150"`
		On       *bool             `json:"on,omitempty"`
		Settings map[string]any    `json:"settings,omitempty"`
		Secrets  map[string]string `json:"secrets,omitempty" doc:"Those that change; an empty one is taken away."`
	}
}

func (a *API) updateChannel(c *call, in *updateChannelIn) (*channelOut, error) {
	old, err := a.Records.Channel(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := ifVersion("channel", old.UpdatedAt, in.IfMatch)
	if err != nil {
		return nil, err
	}
	edit := provider.Edit{Name: in.Body.Name, On: in.Body.On, Settings: in.Body.Settings, Secrets: in.Body.Secrets}
	if err := edit.Prepare(old.Provider, a.shown(old).Has); err != nil {
		return nil, err
	}
	ch, err := a.Records.UpdateChannel(c, c.Workspace, in.ID, version, func(ch *carpel.Channel) error {
		_, err := a.Providers.Apply(ch, edit)
		return err
	})
	if err != nil {
		return nil, err
	}
	changed := []string{}
	for name, given := range map[string]bool{"name": edit.Name != nil, "on": edit.On != nil, "settings": edit.Settings != nil, "secrets": edit.Secrets != nil} {
		if given {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return a.channelAnswer(ch, ""), a.auditDetail(c, "channel.update", ch.ID, detail{"changed": changed, "secrets": slices.Sorted(maps.Keys(edit.Secrets)), "on": ch.On})
}

func (a *API) deleteChannel(c *call, in *channelPath) (*struct{}, error) {
	if err := a.Records.DeleteChannel(c, c.Workspace, in.ID); err != nil {
		return nil, err
	}
	return nil, a.audit(c, "channel.delete", in.ID)
}

// ChannelCheck is what came of trying a channel.
type ChannelCheck struct {
	OK      bool   `json:"ok"`
	Detail  string `json:"detail,omitempty" doc:"What is wrong, or the server's words."`
	Pointer string `json:"pointer,omitempty" doc:"JSON pointer of the setting or secret that it is about."`
}

type checkChannelOut struct{ Body ChannelCheck }

// checkTime bounds the trying of a channel.
const checkTime = 30 * time.Second

func (a *API) checkChannel(c *call, in *channelPath) (*checkChannelOut, error) {
	ch, err := a.Records.Channel(c, c.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c, checkTime)
	defer cancel()
	err = a.Providers.Check(ctx, ch)
	var e *carpel.Error
	switch {
	case err == nil:
		return &checkChannelOut{ChannelCheck{OK: true}}, nil
	case errors.As(err, &e):
		return &checkChannelOut{ChannelCheck{Detail: e.Message, Pointer: e.Pointer}}, nil
	}
	return nil, err
}

type lookUpDomainIn struct {
	Domain string `query:"domain" maxLength:"255" doc:"The sender's; the channel's if left out."`
}

type lookUpDomainOut struct {
	Body struct {
		Records []smtp.Record `json:"records"`
	}
}

func (a *API) lookUpDomain(c *call, in *lookUpDomainIn) (*lookUpDomainOut, error) {
	all, err := a.Records.Channels(c, c.Workspace)
	if err != nil {
		return nil, err
	}
	var mail carpel.Channel
	for _, ch := range all {
		if ch.Provider == carpel.SMTP && (mail.ID == "" || ch.On) {
			mail = ch
		}
	}
	ctx, cancel := context.WithTimeout(c, checkTime)
	defer cancel()
	out := &lookUpDomainOut{}
	out.Body.Records, err = a.Providers.DNS(ctx, in.Domain, mail)
	return out, err
}
