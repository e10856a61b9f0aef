package capture

import (
	"errors"
	"fmt"
	"os"
)

// What may be wrong with an interface. Errors of [OpenLive] and [Live.Read]
// wrap these.
var (
	// ErrNoInterface: there is none of that name.
	ErrNoInterface = errors.New("no such interface; -D lists them")
	// ErrDown: the interface is down, was taken down, or is gone. It may come
	// back: open it again.
	ErrDown = errors.New("the interface is down")
	// ErrPermission: a capability is missing.
	ErrPermission = errors.New("capturing needs CAP_NET_RAW")
	// ErrLinkType: frames of the interface can't be decoded.
	ErrLinkType = errors.New("unsupported link type")
)

// permissionError names the command that grants what is missing.
func permissionError() error {
	binary, err := os.Executable()
	if err != nil {
		binary = os.Args[0]
	}
	return fmt.Errorf("%w; grant it with: sudo setcap cap_net_raw+ep %s", ErrPermission, binary)
}
