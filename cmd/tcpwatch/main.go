// Command tcpwatch shows which side of a TCP connection has gone silent, since
// when, and the moment at which Linux will give up on it.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// version is set by the build.
var version = "unknown"

func main() { os.Exit(status(command(run).Execute())) }

// said is an error of which the user has been told already.
type said struct{ error }

func (said) Error() string { return "" }

// status prints errors, each in one line, and returns the exit status for them.
func status(err error) int {
	if err == nil {
		return 0
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(os.Stderr, "tcpwatch: %s\n", line)
		}
	}
	if errors.As(err, new(misuse)) {
		return 2
	}
	return 1
}
