package enginetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// itemVerbs are the statements that are items.
func itemVerbs() map[string]carpel.ItemKind {
	return map[string]carpel.ItemKind{"identify": carpel.ItemIdentify, "event": carpel.ItemEvent, "page": carpel.ItemPage, "screen": carpel.ItemScreen,
		"message": carpel.ItemMessage, "device": carpel.ItemDevice, "undevice": carpel.ItemDeviceDelete, "alias": carpel.ItemAlias,
		"merge": carpel.ItemMerge, "erase": carpel.ItemErase, "suppress": carpel.ItemSuppress, "unsuppress": carpel.ItemUnsuppress,
		"add": carpel.ItemMember, "remove": carpel.ItemMember}
}

// items reads the statement of one item; of add and remove it may be several.
func (r *scriptRun) items(verb string, args []string) ([]carpel.Item, error) {
	now := carpel.MillisOf(r.clock.now)
	it := carpel.Item{Kind: itemVerbs()[verb], At: now, Received: now, Source: "api"}
	var plain []string
	for _, w := range args {
		var err error
		switch {
		case strings.HasPrefix(w, "@"):
			it.At, err = r.parseTime(w[1:])
		case strings.HasPrefix(w, "#"):
			it.MessageID = w[1:]
		case w == "!import":
			it.Source = "import"
		case w == "!public":
			it.Public = true
		case w == "!update-only":
			it.UpdateOnly = true
		case strings.HasPrefix(w, "!"):
			err = fmt.Errorf("%q is no flag", w)
		default:
			plain = append(plain, w)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(plain) == 0 {
		return nil, fmt.Errorf("%s whom?", verb)
	}
	if it.Kind == carpel.ItemMember {
		return r.memberItems(it, verb, plain)
	}
	it.Person = parseRef(plain[0])
	names, err := r.fields(&it, plain[1:])
	if err != nil {
		return nil, err
	}
	err = r.named(&it, names)
	return []carpel.Item{it}, err
}

// memberItems reads add and remove.
func (r *scriptRun) memberItems(it carpel.Item, verb string, plain []string) ([]carpel.Item, error) {
	var all []carpel.Item
	for _, w := range plain[1:] {
		one := it
		one.Person = parseRef(w)
		one.Segment = &carpel.MemberChange{ID: plain[0], Remove: verb == "remove", Cause: carpel.CauseManual}
		if it.Source == "import" {
			one.Segment.Cause = carpel.CauseImport
		}
		all = append(all, one)
	}
	return all, nil
}

// fields reads the words name=value of an item and returns the others.
func (r *scriptRun) fields(it *carpel.Item, args []string) (names []string, err error) {
	for _, w := range args {
		key, word, ok := strings.Cut(w, "=")
		if strings.HasPrefix(w, `"`) {
			end := strings.Index(w[1:], `"`) + 2
			if ok = strings.HasPrefix(w[end:], "="); ok {
				key, word = unquote(w[:end]), w[end+1:]
			}
		}
		if !ok || it.Kind == carpel.ItemPage && strings.Contains(key, "://") {
			names = append(names, unquote(w))
			continue
		}
		v, err := r.scriptValue(word)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w, err)
		}
		if name, ok := strings.CutPrefix(key, "$context."); ok {
			if it.Context == nil {
				it.Context = map[string]carpel.Value{}
			}
			it.Context[name] = v
			continue
		}
		if it.Properties == nil {
			it.Properties = map[string]carpel.Value{}
		}
		it.Properties[key] = v
	}
	return names, nil
}

// named reads the words of an item that have no =.
func (r *scriptRun) named(it *carpel.Item, names []string) error {
	word := func(i int) string {
		if i < len(names) {
			return names[i]
		}
		return ""
	}
	if most, ok := map[carpel.ItemKind]int{carpel.ItemEvent: 1, carpel.ItemScreen: 1, carpel.ItemPage: 2, carpel.ItemDevice: 2,
		carpel.ItemDeviceDelete: 2, carpel.ItemAlias: 1, carpel.ItemMerge: 1, carpel.ItemMessage: 3}[it.Kind]; ok && len(names) > most {
		return fmt.Errorf("%q has no meaning here", names[most])
	}
	text := func(name string) string { return it.Properties[name].Text() }
	switch it.Kind {
	case carpel.ItemEvent, carpel.ItemScreen:
		it.Name = word(0)
	case carpel.ItemPage:
		it.URL, it.Name = word(0), word(1)
		if it.URL == "-" {
			it.URL = ""
		}
	case carpel.ItemMessage:
		it.Message = &carpel.MessageInfo{Channel: word(0), Action: word(1), Campaign: text("campaign"), Link: text("link"), Delivery: text("delivery"),
			Machine: slices.Contains(names, "machine")}
		it.Properties = nil
	case carpel.ItemDevice, carpel.ItemDeviceDelete:
		it.Device = &carpel.DeviceInfo{Token: word(0), Platform: word(1), Properties: it.Properties}
		if v, ok := it.Properties["last_used"]; ok {
			at, err := r.parseTime(v.Text())
			if err != nil {
				return err
			}
			it.Device.LastUsed = at
			delete(it.Properties, "last_used")
		}
		it.Properties = nil
	case carpel.ItemAlias, carpel.ItemMerge:
		it.Other = parseRef(word(0))
	default:
		if len(names) > 0 {
			return fmt.Errorf("%q has no meaning here", names[0])
		}
	}
	if it.Name == "" && it.Kind == carpel.ItemEvent {
		return fmt.Errorf("an event has a name")
	}
	return nil
}
