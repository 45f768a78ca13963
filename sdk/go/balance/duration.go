// Durations as a policy writes them.

package balance

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a span of time that JSON carries as a string such as "250ms".
type Duration time.Duration

// UnmarshalJSON reads a string such as "250ms", "30s" or "1h"; null changes nothing.
func (d *Duration) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	if parsed < 0 {
		return fmt.Errorf("duration %q is negative", text)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalJSON writes d as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// String is d as [time.Duration] prints it.
func (d Duration) String() string { return time.Duration(d).String() }
