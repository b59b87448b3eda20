package server_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a goroutine outlives the tests.
func TestMain(m *testing.M) {
	if os.Getenv(faultProcess) != "" { // a store that a fault has stopped cannot be closed, and leaves its goroutines
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}
