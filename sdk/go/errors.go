// The errors of the package, by what the caller should do.

package registry

import (
	"errors"
	"fmt"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

// ErrClosed is what a client answers that was closed.
var ErrClosed = errors.New("the client is closed")

// ErrNotKnown is what a [*NotKnownError] is.
var ErrNotKnown = errors.New("not known yet")

// ErrNoConfig says that there is no such configuration item.
var ErrNoConfig = errors.New("there is no such configuration item")

// NoInstanceError says that no instance can answer, and why.
type NoInstanceError = balance.NoInstanceError

// RangeError says why a text is not a version range.
type RangeError = balance.RangeError

// NotKnownError says that neither the registry nor the disk has told anything about a service or a configuration item.
// It is [ErrNotKnown], and wraps the reason.
type NotKnownError struct {
	// Name is the service or the configuration item.
	Name string
	// Reason is what kept the registry from telling; nil if it is only late.
	Reason error
}

func (e *NotKnownError) Error() string {
	if e.Reason == nil {
		return fmt.Sprintf("%s: not known yet; the registry has not answered", e.Name)
	}
	return fmt.Sprintf("%s: not known yet: %v", e.Name, e.Reason)
}

// Unwrap is ErrNotKnown and the reason.
func (e *NotKnownError) Unwrap() []error {
	if e.Reason == nil {
		return []error{ErrNotKnown}
	}
	return []error{ErrNotKnown, e.Reason}
}

// ProblemError is an answer of the registry that is an error (RFC 9457).
type ProblemError struct {
	// Status is that of HTTP.
	Status int
	// Code is the stable word for programs, such as session-taken; empty if the answer had none.
	Code string
	// Detail says what was wrong and what to do.
	Detail string
}

func (e *ProblemError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the registry answered %d", e.Status)
	}
	return fmt.Sprintf("the registry answered %d %s: %s", e.Status, e.Code, e.Detail)
}

// InvalidNameError is a name that the registry would refuse.
type InvalidNameError struct {
	// What is the kind of name, such as service.
	What, Name string
}

func (e *InvalidNameError) Error() string {
	return fmt.Sprintf("%s %q: a name has 1 to 128 of A-Z a-z 0-9 . _ - and begins and ends with a letter or digit", e.What, e.Name)
}
