package outbound

import (
	"fmt"
	"net/netip"
)

// refused are the ranges that are not dialled, each with what it is. Go's own predicates call many of them public, so
// this is a list of its own, after the special-purpose registries of IANA. Of IPv6 everything else outside of 2000::/3, where
// all public addresses lie, is refused by the last rows.
var refused = []struct{ prefix, what string }{
	{"0.0.0.0/8", "this host"},
	{"10.0.0.0/8", "a private network"},
	{"100.64.0.0/10", "a carrier's private network"},
	{"127.0.0.0/8", "loopback"},
	{"169.254.0.0/16", "link-local"},
	{"172.16.0.0/12", "a private network"},
	{"192.0.0.0/24", "reserved for protocols"},
	{"192.0.2.0/24", "documentation"},
	{"192.31.196.0/24", "reserved for AS112"},
	{"192.52.193.0/24", "reserved for AMT"},
	{"192.88.99.0/24", "6to4 relays"},
	{"192.168.0.0/16", "a private network"},
	{"192.175.48.0/24", "reserved for AS112"},
	{"198.18.0.0/15", "benchmarks"},
	{"198.51.100.0/24", "documentation"},
	{"203.0.113.0/24", "documentation"},
	{"224.0.0.0/4", "multicast"},
	{"240.0.0.0/4", "reserved"},

	{"::/128", "this host"},
	{"::1/128", "loopback"},
	{"::/96", "IPv4-compatible"},
	{"::ffff:0:0/96", "IPv4-mapped"}, // is unwrapped before it comes here
	{"::ffff:0:0:0/96", "IPv4-translated"},
	{"64:ff9b::/96", "NAT64"},
	{"64:ff9b:1::/48", "local NAT64"},
	{"100::/64", "discarded"},
	{"2001::/23", "reserved for protocols"}, // Teredo, ORCHID, benchmarks
	{"2001:db8::/32", "documentation"},
	{"2002::/16", "6to4"},
	{"2620:4f:8000::/48", "reserved for AS112"},
	{"3fff::/20", "documentation"},
	{"fc00::/7", "a private network"},
	{"fe80::/10", "link-local"},
	{"fec0::/10", "a private network"},
	{"ff00::/8", "multicast"},

	{"::/3", "not a public address"},
	{"4000::/2", "not a public address"},
	{"8000::/1", "not a public address"},
}

// RefusedError is why an address was not dialled. It does not tell the address: who may name a host may not know where
// in the operator's network it leads.
type RefusedError struct {
	What string // what the address is: "loopback", "a private network"
	Port uint16 // set when it was the port
}

// Error says what is refused, and what the operator can do.
func (e *RefusedError) Error() string {
	if e.Port != 0 {
		return fmt.Sprintf("port %d is not dialled for this", e.Port)
	}
	return fmt.Sprintf("the address is %s, which is not dialled; the server's setting --outbound-allow can allow it", e.What)
}

// table is the refused ranges, read.
type table struct {
	prefixes []netip.Prefix
	allow    []netip.Prefix
}

func newTable(allow []netip.Prefix) table {
	t := table{}
	for _, r := range refused {
		t.prefixes = append(t.prefixes, netip.MustParsePrefix(r.prefix))
	}
	for _, p := range allow {
		t.allow = append(t.allow, unmapped(p))
	}
	return t
}

// unmapped is the IPv4 network of an IPv4-mapped one.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}

// check refuses an address that is neither public nor allowed.
func (t table) check(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	for _, p := range t.allow {
		if p.Contains(addr) {
			return nil
		}
	}
	for i, p := range t.prefixes {
		if p.Contains(addr) {
			return &RefusedError{What: refused[i].what}
		}
	}
	return nil
}
