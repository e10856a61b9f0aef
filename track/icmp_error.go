package track

// Types of errors (RFC 792, RFC 4443).
const (
	icmpUnreachable      = 3
	icmpTimeExceeded     = 11
	icmpParameterProblem = 12

	icmpv6Unreachable  = 1
	icmpv6TimeExceeded = 3
	icmpv6Parameter    = 4
)

// softError returns the errno that an ICMP error leaves for the connection's end
// ("": none), and whether it takes back the backoff of the last timeout
// (net/ipv4/tcp_ipv4.c, tcp_v4_err, icmp_err_convert; net/ipv6/icmp.c,
// icmpv6_err_convert).
func softError(r *ICMP) (errno string, reverts bool) {
	if r.V6 {
		names := [...]string{"ENETUNREACH", "EACCES", "EHOSTUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "EACCES", "EACCES"}
		switch {
		case r.Type == icmpv6Unreachable && int(r.Code) < len(names):
			return names[r.Code], r.Code == 0 // no route
		case r.Type == icmpv6TimeExceeded:
			return "EHOSTUNREACH", false
		case r.Type == icmpv6Unreachable, r.Type == icmpv6Parameter:
			return "EPROTO", false
		}
		return "", false
	}
	names := [...]string{"ENETUNREACH", "EHOSTUNREACH", "ENOPROTOOPT", "ECONNREFUSED", "", "EOPNOTSUPP", "ENETUNREACH",
		"EHOSTDOWN", "ENONET", "ENETUNREACH", "EHOSTUNREACH", "ENETUNREACH", "EHOSTUNREACH", "EHOSTUNREACH",
		"EHOSTUNREACH", "EHOSTUNREACH"}
	switch {
	case r.Type == icmpUnreachable && int(r.Code) < len(names):
		return names[r.Code], r.Code <= 1 // net or host
	case r.Type == icmpTimeExceeded:
		return "EHOSTUNREACH", false
	case r.Type == icmpParameterProblem:
		return "EPROTO", false
	}
	return "", false
}
