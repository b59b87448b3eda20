package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// Attempts at the same time count before any has failed, and one that was right counts no more.
func TestAttemptsAtOnce(t *testing.T) {
	var l attempts
	var ends []func(error)
	for range attemptsOfAccount {
		end, err := l.begin("ann@example.com", "192.0.2.1", noon)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	if _, err := l.begin("Ann@example.com", "192.0.2.2", noon); carpel.ErrorCode(err) != carpel.CodeTooOften {
		t.Errorf("one more at the same time: %v", err)
	}
	ends[0](carpel.Errorf(carpel.CodeUnauthorized, "wrong"))
	if _, err := l.begin("ann@example.com", "192.0.2.2", noon); carpel.ErrorCode(err) != carpel.CodeTooOften {
		t.Errorf("after a wrong one: %v", err)
	}
	ends[1](nil)
	if _, err := l.begin("ann@example.com", "192.0.2.2", noon); err != nil {
		t.Errorf("after a right one: %v", err)
	}
}

// More names than are remembered lock nobody out, and let nobody go on guessing.
func TestAttemptsManyNames(t *testing.T) {
	var l attempts
	for range attemptsOfAccount {
		if _, err := l.begin("ann@example.com", "", noon); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 * attemptsRemembered {
		if _, err := l.begin(fmt.Sprint(i), "", noon); err != nil {
			t.Fatalf("name %d: %v", i, err)
		}
	}
	if len(l.counts) > attemptsRemembered {
		t.Errorf("%d names are remembered", len(l.counts))
	}
	if _, err := l.begin("ann@example.com", "", noon); carpel.ErrorCode(err) != carpel.CodeTooOften {
		t.Errorf("the account that was guessed at: %v", err)
	}
}
