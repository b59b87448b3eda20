package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The headers by which a proxy says who asks it, and for what.
const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
	forwardedHost  = "X-Forwarded-Host"
)

// behind makes of a request that came by a trusted proxy the one that its sender made: with their address and with the
// host that they named; X-Forwarded-Proto, which is all that is left of the headers, says whether they used https. From
// anybody else none of the headers is believed, and the handlers do not see them.
func behind(trusted []netip.Prefix, log *slog.Logger, next http.Handler) http.Handler {
	ignored := sync.OnceFunc(func() {
		log.Warn("X-Forwarded headers are ignored: they came from an address that is not among those of --trusted-proxy")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chain, proto, host := hops(r.Header[forwardedFor]), last(r.Header[forwardedProto]), last(r.Header[forwardedHost])
		for _, name := range []string{forwardedFor, forwardedProto, forwardedHost} {
			r.Header.Del(name)
		}
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !isTrusted(trusted, peer.Addr()) {
			if len(chain) > 0 || proto != "" || host != "" {
				ignored()
				if err == nil && peer.Addr().Unmap().IsLoopback() {
					r.RemoteAddr = "" // a proxy of this machine: who is behind it is not known, and is not this machine's guest
				}
			}
			next.ServeHTTP(w, r)
			return
		}
		if client := senderOf(trusted, peer.Addr(), chain); client != peer.Addr() {
			r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
		}
		if proto == "https" {
			r.Header.Set(forwardedProto, proto)
		}
		if hostShape.MatchString(host) {
			r.Host = host
		}
		next.ServeHTTP(w, r)
	})
}

// hostShape is what a host with or without a port looks like.
var hostShape = regexp.MustCompile(`^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

// hops are the entries of a header that each proxy adds one to, the last one last.
func hops(lines []string) (all []string) {
	for _, line := range lines {
		for entry := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(entry))
		}
	}
	return all
}

// last is what the nearest proxy wrote.
func last(lines []string) string {
	if all := hops(lines); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// senderOf goes back along the chain as far as it is trusted: whoever talked to the first proxy that is not, or sends what
// is no address, may have made up what stands before.
func senderOf(trusted []netip.Prefix, peer netip.Addr, chain []string) netip.Addr {
	for _, entry := range slices.Backward(chain) {
		if !isTrusted(trusted, peer) {
			break
		}
		addr, err := netip.ParseAddr(strings.Trim(entry, "[]"))
		if err != nil {
			at, err := netip.ParseAddrPort(entry)
			if err != nil {
				break
			}
			addr = at.Addr()
		}
		peer = addr
	}
	return peer.Unmap().WithZone("")
}

func isTrusted(trusted []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}
