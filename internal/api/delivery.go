package api

import (
	"net/http"
	"strconv"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// showDelivery makes null of the moments that have not come.
func showDelivery(d carpel.Delivery) carpel.Delivery {
	for _, at := range []*carpel.Millis{&d.DueAt, &d.SentAt, &d.DeliveredAt, &d.OpenedAt, &d.ClickedAt, &d.ConvertedAt, &d.BouncedAt, &d.ComplainedAt, &d.UnsubscribedAt, &d.MachineOpenedAt, &d.MachineClickAt} {
		if *at == 0 {
			*at = carpel.Never
		}
	}
	return d
}

func (a *API) registerDeliveries() {
	const tag = "Deliveries"
	route(a, operation{Method: http.MethodGet, Path: "/api/deliveries", Scope: records.ScopeRead, ID: "listDeliveries", Tag: tag,
		Summary: "Messages to people, and what became of each, newest first"}, a.listDeliveries)
	routeRecords(a, operation{Method: http.MethodGet, Path: "/api/deliveries/{id}", Scope: records.ScopeRead, ID: "getDelivery", Tag: tag,
		Summary: "Read a delivery"}, func(c *call, in *deliveryPath) (*deliveryOut, error) {
		d, err := a.Records.Delivery(c, c.Workspace, in.ID)
		return &deliveryOut{showDelivery(d)}, err
	})
	routeRecords(a, operation{Method: http.MethodPost, Path: "/api/deliveries/resend", Scope: records.ScopeSend, ID: "resendDeliveries", Tag: tag,
		Summary:     "Send unknown deliveries again",
		Description: "Unknown are those that may have gone out before a crash: sent again, some people may get them twice. Others are not touched."}, a.resendDeliveries)
}

type listDeliveriesIn struct {
	OriginKind carpel.OriginKind    `query:"origin_kind" enum:"broadcast,campaign,transactional,test"`
	Origin     string               `query:"origin" doc:"Id of the broadcast, the campaign or the template."`
	Step       string               `query:"step"`
	Variant    string               `query:"variant"`
	Person     string               `query:"person" doc:"A key (p_…), id:<user id>, email:<address>, or a bare user id or email."`
	Kind       carpel.ChannelKind   `query:"kind" enum:"email,push,webhook"`
	State      carpel.DeliveryState `query:"state" enum:"held,planned,attempting,sent,failed,skipped,unknown"`
	Reason     string               `query:"reason" doc:"Code of why it was skipped or failed."`
	Outcome    string               `query:"outcome" enum:"sent,delivered,opened,clicked,converted,bounced,complained,unsubscribed,machine_opened,machine_clicked" doc:"Only those of which this became."`
	Limit      int                  `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	After      string               `query:"after" doc:"Opaque: the next of the answer before."`
}

type deliveriesOut struct {
	Body struct {
		Deliveries []carpel.Delivery `json:"deliveries"`
		Next       string            `json:"next" doc:"Empty at the end."`
	}
}

func (a *API) listDeliveries(c *call, in *listDeliveriesIn) (*deliveriesOut, error) {
	f := records.DeliveryFilter{OriginKind: in.OriginKind, Origin: in.Origin, Step: in.Step, Variant: in.Variant, Kind: in.Kind, State: in.State, Reason: in.Reason, Outcome: in.Outcome, Limit: in.Limit}
	var err error
	if f.Before, err = afterNumber(in.After); err != nil {
		return nil, err
	}
	if in.Person != "" {
		ref, err := a.personRef(c, in.Person)
		if err != nil {
			return nil, err
		}
		p, err := c.Engine.Person(c, ref)
		if err != nil {
			return nil, err
		}
		f.Person = p.Key
	}
	all, err := a.Records.Deliveries(c, c.Workspace, f)
	if err != nil {
		return nil, err
	}
	out := &deliveriesOut{}
	out.Body.Deliveries = []carpel.Delivery{}
	for _, d := range all {
		out.Body.Deliveries = append(out.Body.Deliveries, showDelivery(d))
	}
	if len(all) == in.Limit {
		out.Body.Next = strconv.FormatInt(all[len(all)-1].Alias, 10)
	}
	return out, nil
}

// afterNumber reads an opaque cursor that is a number.
func afterNumber(after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 0 {
		return 0, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/after", Message: "after must be the next of the answer before"}
	}
	return n, nil
}

type deliveryPath struct {
	ID string `path:"id"`
}

type deliveryOut struct{ Body carpel.Delivery }

type resendIn struct {
	Body struct {
		IDs    []string `json:"ids,omitempty" maxItems:"1000" doc:"Of deliveries."`
		Origin string   `json:"origin,omitempty" doc:"All unknown ones of this broadcast or campaign."`
	}
}

type resendOut struct {
	Body struct {
		Resent int64 `json:"resent" doc:"How many were unknown and are planned again."`
	}
}

func (a *API) resendDeliveries(c *call, in *resendIn) (*resendOut, error) {
	if len(in.Body.IDs) == 0 && in.Body.Origin == "" {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/ids", Message: "give the ids of deliveries, or an origin"}
	}
	out := &resendOut{}
	var err error
	out.Body.Resent, err = a.Records.ResendUnknown(c, c.Workspace, c.Who, records.UnknownDeliveries{IDs: in.Body.IDs, Origin: in.Body.Origin})
	a.Sender.Wake()
	return out, err
}
