package enginetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
)

// refScript writes a person as a script does.
func refScript(ref carpel.PersonRef) string {
	var ids []string
	for _, id := range []string{ref.UserID, ref.Email} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	s := strings.Join(ids, ",")
	if ref.AnonymousID != "" {
		s += "~" + ref.AnonymousID
	}
	return s
}

// itemScript writes an item as a script does.
func itemScript(it *carpel.Item) string {
	verb := it.Kind.String()
	var names []string
	props := maps.Clone(it.Properties)
	if props == nil {
		props = map[string]carpel.Value{}
	}
	put := func(name, text string) {
		if text != "" {
			props[name] = carpel.TextValue(text)
		}
	}
	switch it.Kind {
	case carpel.ItemEvent, carpel.ItemScreen:
		names = []string{it.Name}
	case carpel.ItemPage:
		names = []string{it.URL, it.Name}
		if it.URL == "" {
			names[0] = "-"
		}
	case carpel.ItemMessage:
		names = []string{it.Message.Channel, it.Message.Action}
		if it.Message.Machine {
			names = append(names, "machine")
		}
		put("campaign", it.Message.Campaign)
		put("link", it.Message.Link)
		put("delivery", it.Message.Delivery)
	case carpel.ItemDevice, carpel.ItemDeviceDelete:
		if it.Kind == carpel.ItemDeviceDelete {
			verb = "undevice"
		}
		names = []string{it.Device.Token, it.Device.Platform}
		props = maps.Clone(it.Device.Properties)
		if it.Device.LastUsed != 0 {
			props["last_used"] = carpel.TextValue(it.Device.LastUsed.String())
		}
	case carpel.ItemAlias, carpel.ItemMerge:
		names = []string{refScript(it.Other)}
	case carpel.ItemMember:
		verb = "add"
		if it.Segment.Remove {
			verb = "remove"
		}
		return fmt.Sprintf("%s %s %s", verb, it.Segment.ID, refScript(it.Person))
	}
	s := verb + " " + refScript(it.Person)
	for _, n := range names {
		if n == "" || strings.ContainsAny(n, " =\"") {
			n = strconv.Quote(n)
		}
		s += " " + n
	}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		s += fmt.Sprintf(" %s=%s", name, props[name].AppendJSON(nil))
	}
	for _, name := range slices.Sorted(maps.Keys(it.Context)) {
		s += fmt.Sprintf(" $context.%s=%s", name, it.Context[name].AppendJSON(nil))
	}
	s += " @" + it.At.String()
	if it.MessageID != "" {
		s += " #" + it.MessageID
	}
	for _, f := range []struct {
		on   bool
		flag string
	}{{it.Source == "import", " !import"}, {it.Public, " !public"}, {it.UpdateOnly, " !update-only"}} {
		if f.on {
			s += f.flag
		}
	}
	return s
}
