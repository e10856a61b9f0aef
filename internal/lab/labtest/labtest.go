// Package labtest gives tests a lab, or a clear word why they can't have one.
//
// It never lets a test pass that did not run: without the rights that a lab
// needs a test is skipped, and fails where TCPWATCH_LAB is "require".
package labtest

import (
	"errors"
	"os"
	"testing"

	"github.com/tcpwatch/tcpwatch/internal/lab"
)

// New returns a lab that is closed when the test ends.
func New(t testing.TB, o lab.Options) *lab.Lab {
	t.Helper()
	l, err := lab.New(o)
	Check(t, err)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close the lab: %v", err)
		}
	})
	return l
}

// Check ends the test if err is not nil. Where rights are missing, and the
// environment does not require labs, that is a skip.
func Check(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var refused *lab.RightsError
	if errors.As(err, &refused) && os.Getenv("TCPWATCH_LAB") != "require" {
		t.Skipf("no lab: %v", err)
	}
	t.Fatal(err)
}
