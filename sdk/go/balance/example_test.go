package balance_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/paste-registry/paste-registry/sdk/go/balance"
)

func ExampleTable() {
	table := balance.NewTable()
	table.Update([]*balance.Instance{
		{ID: "a", Address: "10.0.0.1", Port: 80, Version: "1.3.0", Weight: 100, Status: "up", Health: "passing"},
		{ID: "b", Address: "10.0.0.2", Port: 80, Version: "1.4.2", Weight: 100, Status: "up", Health: "passing"},
	}, false, nil, 0)
	var trace balance.Trace
	choice, err := table.Decide(&balance.Query{Version: "^1.4", Trace: &trace}, 0, rand.Uint64)
	if err != nil {
		fmt.Println(err)
		return
	}
	choice.Begin()
	choice.Finish(balance.Success, 3*time.Millisecond, int64(3*time.Millisecond))
	fmt.Println(choice.Instance.ID, choice.HostPort(), trace.Balancer)
	// Output: b 10.0.0.2:80 peak_ewma
}

func ExampleParseRange() {
	versions, err := balance.ParseRange(">=2 <3 || 1.4")
	if err != nil {
		fmt.Println(err)
		return
	}
	version, _ := balance.ParseVersion("2.7.1")
	fmt.Println(versions, versions.Matches(version))
	// Output: >=2, <3 || 1.4.x true
}
