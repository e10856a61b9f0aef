package capture

import "strconv"

// The link types that can be decoded (https://www.tcpdump.org/linktypes.html).
const (
	LinkNull        LinkType = 0 // BSD loopback: address family in the byte order of the capturing host
	LinkEthernet    LinkType = 1 // also Linux's loopback
	LinkPPP         LinkType = 9 // with or without HDLC's address and control
	LinkFDDI        LinkType = 10
	LinkRaw         LinkType = 101 // IPv4 or IPv6, without any header before
	LinkPPPHDLC     LinkType = 50
	LinkPPPoE       LinkType = 51 // PPP over Ethernet's session header
	LinkCiscoHDLC   LinkType = 104
	LinkIEEE80211   LinkType = 105
	LinkLoop        LinkType = 108 // OpenBSD loopback: address family in network byte order
	LinkLinuxSLL    LinkType = 113 // Linux cooked
	LinkRadiotap    LinkType = 127
	LinkPPI         LinkType = 192
	LinkIPv4        LinkType = 228
	LinkIPv6        LinkType = 229
	LinkNFLog       LinkType = 239
	LinkLinuxSLL2   LinkType = 276 // Linux cooked, version 2: with the interface's index
	linkRawDLT      LinkType = 12  // libpcap's DLT_RAW, found in files of old programs
	linkRawDLTOther LinkType = 14  // OpenBSD's DLT_RAW
)

var linkNames = map[LinkType]string{
	LinkNull: "NULL", LinkEthernet: "EN10MB", LinkPPP: "PPP", LinkFDDI: "FDDI", LinkRaw: "RAW", linkRawDLT: "RAW",
	linkRawDLTOther: "RAW", LinkPPPHDLC: "PPP_SERIAL", LinkPPPoE: "PPP_ETHER", LinkCiscoHDLC: "C_HDLC",
	LinkIEEE80211: "IEEE802_11", LinkLoop: "LOOP", LinkLinuxSLL: "LINUX_SLL",
	LinkRadiotap: "IEEE802_11_RADIO", LinkPPI: "PPI", LinkIPv4: "IPV4", LinkIPv6: "IPV6",
	LinkNFLog: "NFLOG", LinkLinuxSLL2: "LINUX_SLL2",
}

// Supported reports whether frames of the link type can be decoded.
func (l LinkType) Supported() bool { return linkNames[l] != "" }

// String returns tcpdump's name for the link type, or its number.
func (l LinkType) String() string {
	if name := linkNames[l]; name != "" {
		return name
	}
	return "link type " + strconv.FormatUint(uint64(l), 10)
}

// dlt returns libpcap's number for the link type. They differ where operating
// systems disagree on one, which on Linux leaves RAW.
func (l LinkType) dlt() int {
	if l == LinkRaw {
		return int(linkRawDLT)
	}
	return int(l)
}
