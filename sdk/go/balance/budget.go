// How many retries there may be.

package balance

import (
	"sync"
	"time"
)

const budgetSlots = 10

// Budget bounds retries to a share of the calls of the last ten seconds, and a few a second besides. Its zero value is
// ready; it is safe for concurrent use.
type Budget struct {
	mu    sync.Mutex
	slots [budgetSlots]budgetSlot
}

type budgetSlot struct {
	second         int64
	tries, retries int64
}

// Deposit notes a first try.
func (b *Budget) Deposit(now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slot(now).tries++
}

// Withdraw takes what a retry costs, and says whether there was enough of it.
func (b *Budget) Withdraw(retries *Retries, now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	second := now / int64(time.Second)
	// All terms of the definition are multiplied by the budget, so that they are integers.
	balance := int64(retries.MinPerSecond) * budgetSlots * 100
	for i := range b.slots {
		if slot := &b.slots[i]; slot.second > second-budgetSlots && slot.second <= second {
			balance += slot.tries*int64(retries.Budget) - slot.retries*100
		}
	}
	if balance < 100 {
		return false
	}
	b.slot(now).retries++
	return true
}

func (b *Budget) slot(now int64) *budgetSlot {
	second := now / int64(time.Second)
	slot := &b.slots[second%budgetSlots]
	if slot.second != second {
		*slot = budgetSlot{second: second}
	}
	return slot
}
