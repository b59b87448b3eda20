package enginetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/carpel/carpel"
)

func jsonValue(s string) carpel.Value {
	v, err := carpel.JSONValue([]byte(s))
	if err != nil {
		panic(err)
	}
	return v
}

// values are the pools of values, in JSON, by attribute and property name.
func values(name string) []string {
	switch name {
	case "plan":
		return []string{`"pro"`, `"Pro"`, `"free"`, `"pro plan+"`, `null`, `""`, `"straße"`, `"ſtraSSe"`, `"bac\u212a pro"`, `"back pro"`, `"ΣΊΣΥΦΟΣ"`, `"σίσυφος o"`, `"a\nb"`}
	case "seats", "total":
		return []string{`1`, `2`, `5`, `5.0`, `10`, `"5"`, `"007"`, `"2.50"`, `"abc"`, `0.1`, `-3`, `[1,5]`, `["2","x",null]`, `null`, `9007199254740993`, `"9007199254740992"`, `0.0000005`, `true`,
			`"1e3"`, `"-3.0"`, `-0.0`, `[[1,2],5]`, `123456789.123456789`, `"0.30000000000000004"`, `0.3`}
	case "tags", "sku":
		return []string{`["a","b"]`, `["B"]`, `[]`, `"a"`, `"A"`, `"b"`, `"B"`, `["c",1,true]`, `null`, `"a|b"`}
	case "address":
		return []string{`{"city":"Berlin","geo":{"lat":52}}`, `{"city":"Bonn"}`, `{"city":null}`, `"Berlin"`, `null`}
	case "active":
		return []string{`true`, `false`, `"TRUE"`, `"1"`, `1`, `0`, `"no"`, `null`}
	case "orders", "items":
		return []string{`[{"sku":"a","n":1},{"sku":"b","n":5}]`, `{"sku":"b","n":1}`, `[{"sku":"a","n":5},"x"]`, `[]`, `null`, `[{"when":"2026-03-28"}]`}
	case "phone":
		return []string{`"1"`, `null`}
	}
	return []string{`true`, `null`} // unsubscribed
}

// moment makes a value that is a time, in one of its forms.
func (m *maker) moment() carpel.Value {
	at := m.now + pick(m, -90*day, -30*day, -7*day, -3*day, -day, -hour, -1, 0, 1, hour, day, 3*day, 7*day)
	switch m.IntN(9) {
	case 6:
		return carpel.NumberValue(float64(at/1000) + 0.5)
	case 7:
		return carpel.TextValue(fmt.Sprint(at))
	case 8:
		return carpel.TextValue(at.Time().In(time.FixedZone("", 7200+1800)).Format(time.RFC3339Nano))
	case 0:
		return carpel.NumberValue(float64(at / 1000))
	case 1:
		return carpel.NumberValue(float64(at))
	case 2:
		return carpel.TextValue(fmt.Sprint(at / 1000))
	case 3:
		return carpel.TextValue(at.Time().Format("2006-01-02"))
	case 4:
		return carpel.TextValue(at.Time().Format("2006-01-02 15:04:05"))
	}
	return carpel.TextValue(at.String())
}

func (m *maker) value(name string) carpel.Value {
	if slices.Contains([]string{"renews_at", "when", "created_at"}, name) && m.chance(90) {
		return m.moment()
	}
	return jsonValue(pick(m, values(name)...))
}

// attributes makes what an identify sets.
func (m *maker) attributes() map[string]carpel.Value {
	all := map[string]carpel.Value{}
	for range m.IntN(4) {
		name := pick(m, m.attrs...)
		all[name] = m.value(name)
	}
	if m.chance(6) {
		all["address.city"] = jsonValue(pick(m, `"Berlin"`, `"Ulm"`, `null`))
	}
	if m.chance(15) {
		all["email"] = carpel.TextValue(pick(m, emails()...))
		if m.chance(20) {
			all["email"] = carpel.Value{}
		}
	}
	if m.chance(5) {
		name := pick(m, "created_at", "phone", "unsubscribed", "$mine")
		all[name] = m.value(name)
	}
	return all
}

// properties makes the properties of an event or a page.
func (m *maker) properties() map[string]carpel.Value {
	all := map[string]carpel.Value{}
	for range 1 + m.IntN(3) {
		name := pick(m, m.props...)
		all[name] = m.value(name)
	}
	return all
}

func urls() []string {
	return []string{"https://acme.com/pricing", "https://acme.com/pricing/?a=b/c", "https://acme.com/docs/intro#x", "https://ACME.com/Docs/", "https://acme.com",
		"/pricing/plans", "", "https://shop.acme.com/checkout/step2"}
}

func (m *maker) message() *carpel.MessageInfo {
	info := &carpel.MessageInfo{Channel: pick(m, "email", "push", "webhook"), Action: pick(m, "sent", "opened", "clicked", "bounced"),
		Campaign: pick(m, "", "c1", "c2"), Delivery: fmt.Sprint(m.IntN(5))}
	if info.Action == "clicked" {
		info.Link = pick(m, append(urls(), "")...)
	}
	info.Machine = (info.Action == "clicked" || info.Action == "opened") && m.chance(30)
	return info
}

func (m *maker) device() *carpel.DeviceInfo {
	d := &carpel.DeviceInfo{Token: pick(m, "d1", "d2", "d3"), Platform: pick(m, "ios", "android", "web", "tvos"), Properties: map[string]carpel.Value{}}
	if m.chance(60) {
		d.LastUsed = m.past()
	}
	if m.chance(60) {
		d.Properties["app_version"] = jsonValue(pick(m, `"1.2"`, `"2"`, `2`))
	}
	return d
}
