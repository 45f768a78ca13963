// Leaving alone for a while who fails.

package balance

import "math"

// outlier is how one endpoint did, and until when it is ejected. Guarded by the mutex of the table.
type outlier struct {
	consecutive, outcomes, failures, times int
	ejected                                bool
	until                                  int64
}

func (o *outlier) isEjected(now int64) bool { return o.ejected && o.until > now }

// never is later than any time.
const never = math.MaxInt64

// record notes an outcome of an endpoint. The mutex is held.
func (t *Table) record(e *endpoint, success bool, now int64) {
	t.turn(now)
	settings := &t.roster.Load().policy.Outliers
	if t.intervalEnd.Load() == never {
		t.beginInterval(settings, now)
	}
	o := &e.health
	o.outcomes++
	if success {
		o.consecutive = 0
		return
	}
	o.failures++
	o.consecutive++
	if o.consecutive == settings.ConsecutiveFailures {
		o.consecutive = 0
		t.eject(e, now)
	}
}

func (t *Table) beginInterval(settings *OutlierDetection, now int64) {
	t.intervalBegan = now
	t.intervalEnd.Store(now + int64(settings.Interval))
}

// turn ends the interval if it is over: it ejects who failed too much, and begins the next. The mutex is held.
func (t *Table) turn(now int64) {
	if now < t.intervalEnd.Load() {
		return
	}
	r := t.roster.Load()
	for _, e := range t.failing(r, now) {
		t.eject(e, now)
	}
	for i := range r.members {
		o := &r.members[i].endpoint.health
		if !o.ejected || o.until <= t.intervalBegan {
			o.times = max(o.times-1, 0)
		}
		o.outcomes, o.failures = 0, 0
	}
	t.beginInterval(&r.policy.Outliers, now)
}

// failing is the endpoints whose share of failures in the interval is too high, in id order.
func (t *Table) failing(r *roster, now int64) []*endpoint {
	settings := &r.policy.Outliers
	if settings.FailurePercentage == 0 {
		return nil
	}
	judged := 0
	var failing []*endpoint
	for i := range r.members {
		e := r.members[i].endpoint
		o := &e.health
		if o.isEjected(now) || o.outcomes < max(settings.FailurePercentageRequests, 1) {
			continue
		}
		judged++
		if o.failures*100 >= settings.FailurePercentage*o.outcomes {
			failing = append(failing, e)
		}
	}
	if judged < settings.FailurePercentageHosts {
		return nil
	}
	return failing
}

// eject leaves an endpoint out for a while, if that leaves enough of the others.
func (t *Table) eject(e *endpoint, now int64) {
	r, o := t.roster.Load(), &e.health
	settings := &r.policy.Outliers
	ejected := 0
	for i := range r.members {
		ejected += truth(r.members[i].endpoint.health.isEjected(now))
	}
	allowed := ejected == 0 || (ejected+1)*100 <= settings.MaxEjected*len(r.members)
	if o.isEjected(now) || settings.MaxEjected == 0 || !allowed || ejected+1 >= len(r.members) {
		return
	}
	o.times++
	base, longest := int64(settings.BaseEjection), int64(settings.MaxEjection)
	o.ejected, o.until = true, now+min(base*int64(o.times), max(base, longest))
	r.plans.Store(nil)
	if len(t.news) < len(r.members) { // Who only decides never takes them.
		t.news = append(t.news, e.id)
	}
}
