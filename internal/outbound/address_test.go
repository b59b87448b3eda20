package outbound

import (
	"errors"
	"net/netip"
	"testing"
)

// TestCheck has addresses of every range that is refused, at both its ends where that matters, and the public ones
// beside them.
func TestCheck(t *testing.T) {
	refuse := []string{
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.169.254",
		"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.170", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1",
		"198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.200", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::7f00:1", "::808:808", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1", "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
		"2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2620:4f:8000::1", "3fff::1",
		"fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "5f00::1", "4000::1", "8000::1", "1fff::1",
	}
	public := []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1",
		"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450::1", "3ffe::1",
	}
	all := newTable(nil)
	for _, s := range refuse {
		var r *RefusedError
		if err := all.check(netip.MustParseAddr(s)); !errors.As(err, &r) || r.What == "" {
			t.Errorf("%s is dialled: %v", s, err)
		}
	}
	for _, s := range public {
		if err := all.check(netip.MustParseAddr(s)); err != nil {
			t.Errorf("%s is refused: %v", s, err)
		}
	}
}

// TestCheckAllowed lets through what the operator allowed and nothing beside it.
func TestCheckAllowed(t *testing.T) {
	some := newTable([]netip.Prefix{netip.MustParsePrefix("10.1.0.9/16"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("::ffff:192.168.7.0/120")})
	for s, allowed := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "::1": true, "127.0.0.1": false, "192.168.7.9": true, "192.168.8.9": false, "::2": false} {
		if err := some.check(netip.MustParseAddr(s)); (err == nil) != allowed {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// TestTable has no row that another one before it makes dead, but for what says more precisely what an address is.
func TestTable(t *testing.T) {
	for i, r := range refused {
		p := netip.MustParsePrefix(r.prefix)
		if p != p.Masked() {
			t.Errorf("%s has bits behind its mask", p)
		}
		for _, before := range refused[:i] {
			if b := netip.MustParsePrefix(before.prefix); b.Bits() <= p.Bits() && b.Contains(p.Addr()) {
				t.Errorf("%s lies in %s, which comes first", p, b)
			}
		}
	}
}
