// Package balance decides which instance of a service answers a call.
//
// It is pure: time and randomness are handed in, and nothing here does I/O. What it decides is defined, to the last bit,
// by conformance/README.md of the repository, and is the same in every SDK. The package registry feeds it from the
// registry's stream; use it alone to choose among instances that come from elsewhere.
//
// A [Table] holds what is known of one service: its instances, its policy, and the state of its endpoints (calls in
// flight, latencies, ejections, slow start). [Table.Decide] chooses, [Choice.Finish] reports the outcome.
//
// Times are nanoseconds of one monotonic clock, whose zero means nothing.
package balance
