// The nouns of package balance that users of this package meet.

package registry

import "github.com/paste-registry/paste-registry/sdk/go/balance"

// Instance is one running copy of a service, as the registry shows it. Treat it as read-only: it is shared.
type Instance = balance.Instance

// Policy is how a service wants to be called. Treat it as read-only: it is shared.
type Policy = balance.Policy

// Trace is how a choice came about.
type Trace = balance.Trace

// Headers are those of a call; [net/http.Header] is one.
type Headers = balance.Headers
