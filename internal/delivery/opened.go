package delivery

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/carpel/carpel"
)

// way is a channel that is on, and what carries its messages. Of one that cannot be opened open is nil, and fault says why.
type way struct {
	channel carpel.Channel
	open    Channel
	fault   error
}

// setting is a number of the channel's settings; 0 for none.
func (w *way) setting(name string) float64 {
	n, _ := w.channel.Settings[name].(float64)
	return n
}

// opened keeps channels open across messages: connections are pooled in them.
type opened struct {
	channels func(ctx context.Context, workspace string) ([]carpel.Channel, error)
	opener   func(carpel.Channel) (Channel, error)
	sandbox  *way

	mu    sync.Mutex
	known map[string]map[string]*way // by workspace and channel; guarded by mu
}

func newOpened(o Options) *opened {
	sandbox := &way{channel: carpel.Channel{ID: carpel.SandboxChanID, Provider: carpel.Sandbox, Name: "Sandbox", On: true}, open: o.Sandbox}
	return &opened{channels: o.Channels, opener: o.Open, sandbox: sandbox, known: map[string]map[string]*way{}}
}

// ways returns the channels of a workspace that are on, the sandbox last. One that was changed is opened anew; who sends
// by the old one ends.
func (o *opened) ways(ctx context.Context, workspace string) ([]*way, error) {
	var all []carpel.Channel
	if o.channels != nil {
		var err error
		if all, err = o.channels(ctx, workspace); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	before, now := o.known[workspace], map[string]*way{}
	var on []*way
	for _, c := range all {
		if !c.On {
			continue
		}
		w := before[c.ID]
		if w == nil || !w.channel.UpdatedAt.Equal(c.UpdatedAt) || w.fault != nil {
			w = &way{channel: c}
			w.open, w.fault = o.opener(c)
		}
		now[c.ID] = w
		on = append(on, w)
	}
	for id, w := range before {
		if now[id] != w && w.open != nil {
			_ = w.open.Close() // idle connections of what is no more
		}
	}
	if o.known[workspace] = now; len(now) == 0 {
		delete(o.known, workspace)
	}
	return append(on, o.sandbox), nil
}

// close closes everything that is open.
func (o *opened) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ways := range o.known {
		for _, w := range ways {
			if w.open != nil {
				_ = w.open.Close()
			}
		}
	}
	clear(o.known)
}

// way returns the way of a kind, of push for a device: the channel that is on, else the sandbox; nil for a device that
// none of the channels that are on reaches.
func (c *check) way(kind carpel.ChannelKind, device *carpel.DeviceInfo) *way {
	return wayOf(c.channels, kind, device)
}

func wayOf(ways []*way, kind carpel.ChannelKind, device *carpel.DeviceInfo) *way {
	some := false
	var best *way
	for _, w := range ways {
		if w.channel.Provider == carpel.Sandbox && !some {
			return w
		}
		if w.channel.Kind != kind {
			continue
		}
		some = true
		if best == nil && (device == nil || reaches(w.channel.Provider, device)) {
			best = w
		}
	}
	return best
}

// reaches reports whether a provider carries messages to a device. A token of APNs is hexadecimal; Apple's devices that
// were registered with FCM have another.
func reaches(p carpel.Provider, device *carpel.DeviceInfo) bool {
	_, err := hex.DecodeString(device.Token)
	apple := device.Platform == "ios" && err == nil && len(device.Token) >= 64
	switch p {
	case carpel.APNs:
		return apple
	case carpel.FCM:
		return device.Platform == "android" || device.Platform == "ios" && !apple
	case carpel.WebPush:
		return device.Platform == "web"
	}
	return false
}

// lastUsed returns devices, those used last in front.
func lastUsed(devices []carpel.DeviceInfo) []carpel.DeviceInfo {
	devices = slices.Clone(devices)
	slices.SortStableFunc(devices, func(a, b carpel.DeviceInfo) int { return int(min(max(b.LastUsed-a.LastUsed, -1), 1)) })
	return devices
}

// hand hands a message to a way.
func (w *way) hand(ctx context.Context, m *carpel.Message, limit time.Duration) Outcome {
	if w.fault != nil || w.open == nil {
		return Outcome{Result: Failed, Detail: "the channel cannot be opened: " + words(w.fault)}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return w.open.Send(ctx, m)
}

// words are what may be shown of an error.
func words(err error) string {
	var e *carpel.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "internal error"
}
