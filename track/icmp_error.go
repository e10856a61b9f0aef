package track

// Types of errors (RFC 792, RFC 4443).
const (
	icmpUnreachable   = 3
	icmpv6Unreachable = 1
)

// softError returns the errno that an ICMP error leaves for the connection's end
// ("": none), and whether it takes back the backoff of the last timeout
// (net/ipv4/tcp_ipv4.c, tcp_v4_err, icmp_err_convert; net/ipv6/icmp.c, tab_unreach).
func softError(r *ICMP) (errno string, reverts bool) {
	if r.V6 {
		names := [...]string{"ENETUNREACH", "EACCES", "EHOSTUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "EACCES", "EACCES"}
		if r.Type != icmpv6Unreachable || int(r.Code) >= len(names) {
			return "", false
		}
		return names[r.Code], r.Code == 0 // no route
	}
	names := [...]string{"ENETUNREACH", "EHOSTUNREACH", "ENOPROTOOPT", "ECONNREFUSED", "", "EOPNOTSUPP", "ENETUNREACH",
		"EHOSTDOWN", "ENONET", "ENETUNREACH", "EHOSTUNREACH", "ENETUNREACH", "EHOSTUNREACH", "EHOSTUNREACH",
		"EHOSTUNREACH", "EHOSTUNREACH"}
	if r.Type != icmpUnreachable || int(r.Code) >= len(names) {
		return "", false
	}
	return names[r.Code], r.Code <= 1 // net or host
}
