package main

import (
	"errors"
	"fmt"
	"os"
)

// writeReport writes a report to a file that is not there yet.
func writeReport(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
