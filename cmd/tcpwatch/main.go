// Command tcpwatch shows which side of a TCP connection has gone silent, since
// when, and the moment at which Linux will give up on it.
package main

import (
	"errors"
	"fmt"
	"os"
)

// version is set by the build.
var version = "unknown"

func main() { os.Exit(status(command(run).Execute())) }

// status prints an error in one line and returns the exit status for it.
func status(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "tcpwatch: %v\n", err)
	if errors.As(err, new(misuse)) {
		return 2
	}
	return 1
}
