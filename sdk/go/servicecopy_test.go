package registry

import (
	"fmt"
	"testing"
	"time"
)

// aCopy is a copy of a service under a clock that the test sets.
func aCopy() (*serviceCopy, *time.Duration) {
	now := new(time.Duration)
	return newServiceCopy("orders", func() time.Duration { return *now }), now
}

func instancesOf(ids ...string) []*Instance {
	all := []*Instance{}
	for i, id := range ids {
		all = append(all, &Instance{ID: id, Address: "10.0.0.1", Port: 80 + i, Weight: 100, Status: "up", Health: "passing"})
	}
	return all
}

func (s *serviceCopy) shot(t *testing.T, epoch string, revision uint64, ids ...string) {
	t.Helper()
	instances := instancesOf(ids...)
	if err := s.snapshot(&snapshotEvent{Service: "orders", Revision: &revision, Instances: &instances}, epoch); err != nil {
		t.Fatal(err)
	}
}

func (s *serviceCopy) expect(t *testing.T, want string) {
	t.Helper()
	if got := ids(s.view.Load().instances); got != want {
		t.Errorf("it shows %q, expected %q", got, want)
	}
}

func TestWithinAHistoryTheStreamIsRight(t *testing.T) {
	s, _ := aCopy()
	s.shot(t, "e", 5, "a", "b")
	s.shot(t, "e", 6, "b")
	s.expect(t, "b")
	s.shot(t, "e", 5, "a", "b")
	s.expect(t, "b") // The other node lags.
	s.shot(t, "e", 7)
	s.expect(t, "")
}

func TestAnotherHistoryRemovesNobodyForAMinute(t *testing.T) {
	s, now := aCopy()
	s.shot(t, "e", 5, "a", "b", "c")
	s.shot(t, "other", 1)
	s.expect(t, "a b c")
	revision := uint64(2)
	delta := &deltaEvent{Service: "orders", Revision: &revision, Upserted: instancesOf("b"), Removed: []string{"c"}}
	if known, err := s.delta(delta); !known || err != nil {
		t.Fatal(known, err)
	}
	s.expect(t, "a b")
	*now = unconfirmedAge - 1
	s.expire()
	s.shot(t, "other", 3, "b")
	s.expect(t, "a b")
	*now = unconfirmedAge
	s.expire()
	s.expect(t, "b")
}

func TestAResetRemovesNobodyForAMinute(t *testing.T) {
	s, now := aCopy()
	s.shot(t, "e", 5, "a", "b")
	s.forgetHistory()
	s.expect(t, "a b")
	s.shot(t, "e", 5, "b")
	s.expect(t, "a b")
	*now = unconfirmedAge
	s.expire()
	s.expect(t, "b")
}

func TestTheMinuteBeginsAnewWhenTheStreamDoes(t *testing.T) {
	s, now := aCopy()
	s.shot(t, "e", 5, "a", "b")
	s.shot(t, "other", 1, "b")
	*now = 2 * unconfirmedAge // No stream was open for long.
	s.listenAgain()
	if s.expire() {
		t.Error("what nobody could confirm is gone")
	}
	s.expect(t, "a b")
	*now += unconfirmedAge
	if !s.expire() {
		t.Error("nothing is gone")
	}
	s.expect(t, "b")
}

func TestAHistoryThatIsToldLate(t *testing.T) {
	for _, c := range []struct{ told, at0, at60 string }{{"e", "b", "b"}, {"other", "a b", "b"}} {
		s, now := aCopy()
		if !s.load(&view{instances: instancesOf("a", "b"), revision: 9}, "e") {
			t.Fatal("what was on disk isn't taken")
		}
		s.shot(t, "", 3, "b")
		s.expect(t, "a b")
		s.settle(c.told)
		s.expect(t, c.at0)
		*now = unconfirmedAge
		s.expire()
		s.expect(t, c.at60)
	}
}

func TestDeltas(t *testing.T) {
	s, _ := aCopy()
	revision := uint64(4)
	if known, err := s.delta(&deltaEvent{Service: "orders", Revision: &revision}); known || err != nil {
		t.Errorf("a delta of a service that isn't known: %v, %v", known, err)
	}
	s.shot(t, "e", 3, "b", "d")
	delta := &deltaEvent{
		Service: "orders", Revision: &revision, Upserted: instancesOf("e", "a", "d"), Removed: []string{"b", "x"},
		Policy: []byte(`{"balancer":{"kind":"rendezvous"}}`),
	}
	if _, err := s.delta(delta); err != nil {
		t.Fatal(err)
	}
	s.expect(t, "a d e")
	kind := func() string { return s.table.Policy().Balancer.Kind }
	if kind() != "rendezvous" {
		t.Errorf("the policy is %s", kind())
	}
	for _, step := range []struct {
		revision uint64
		policy   string
		want     string
	}{{3, `null`, "rendezvous"}, {5, ``, "rendezvous"}, {6, `null`, "peak_ewma"}} {
		if _, err := s.delta(&deltaEvent{Service: "orders", Revision: &step.revision, Policy: []byte(step.policy)}); err != nil {
			t.Fatal(err)
		}
		if kind() != step.want {
			t.Errorf("after revision %d the policy is %s, expected %s", step.revision, kind(), step.want)
		}
	}
	s.expect(t, "a d e")
}

func TestEventsThatSayTooLittleAreNotTaken(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"service":"a"}`, `{"service":"a","revision":1}`, `{"service":"a","revision":1,"instances":null}`,
		`{"service":"a","revision":1,"instances":[null]}`, `{"service":"a","revision":1,"instances":[{"id":"x"}]}`,
		`{"service":"a","revision":"1","instances":[]}`, `[]`, `nonsense`, ``,
	} {
		var event snapshotEvent
		if err := decodeEvent("snapshot", []byte(text), &event); err == nil && event.check() == nil {
			t.Errorf("%s: taken", text)
		}
	}
	for _, text := range []string{`{}`, `{"service":"a"}`, `{"service":"a","revision":1,"upserted":[{}]}`} {
		var event deltaEvent
		if err := decodeEvent("delta", []byte(text), &event); err == nil && event.check() == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

func TestManyInstances(t *testing.T) {
	s, _ := aCopy()
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("i%05d", i))
	}
	s.shot(t, "e", 1, names...)
	revision := uint64(2)
	if _, err := s.delta(&deltaEvent{Service: "orders", Revision: &revision, Removed: []string{"i05000"}}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.view.Load().instances); n != 9_999 {
		t.Errorf("%d instances", n)
	}
	if _, there := find(s.view.Load().instances, "i05000"); there {
		t.Error("the one that was removed is there")
	}
}
