// Which place answers: priorities, their loads, and panic.

package balance

import "slices"

// place is a priority of the locality order: who is up there, and who of them may answer.
type place struct {
	name     string
	up       []*member
	eligible []*member
	healthy  []*member
	load     int
	panic    bool
	// among is whom to choose among once the place is drawn; in panic, ejected ones too.
	among      []*member
	candidates *candidates
}

// rank is the place of an instance as the caller sees it, and the place's name.
func rank(instance *Instance, zone, region string, failover []string) (int, string) {
	regionsAgree := region == "" || instance.Region == "" || instance.Region == region
	if zone != "" && instance.Zone == zone && regionsAgree {
		return 0, "zone"
	}
	if region != "" && instance.Region == region {
		return 1, "region"
	}
	if i := slices.Index(failover, instance.Region); i >= 0 {
		return 2 + i, "failover:" + instance.Region
	}
	return 2 + len(failover), "other"
}

// share sets the loads of places, and who of them is in panic. It reports false if none has anybody healthy.
func (l *Locality) share(places []*place) bool {
	sum := 0
	health := make([]int, len(places))
	for i, p := range places {
		health[i] = min(100, l.Overprovision*len(p.healthy)/len(p.up))
		sum += health[i]
	}
	norm := min(100, sum)
	for _, p := range places {
		p.panic = norm < 100 && len(p.healthy)*100 < l.PanicThreshold*len(p.up)
	}
	if norm == 0 {
		return false
	}
	left := 100
	for i, p := range places {
		p.load = min(left, health[i]*100/norm)
		left -= p.load
	}
	first := slices.IndexFunc(health, func(own int) bool { return own > 0 })
	places[first].load += left
	return true
}
