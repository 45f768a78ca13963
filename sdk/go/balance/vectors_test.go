package balance

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const vectorsFolder = "../../../conformance"

// vectorFiles says which test runs each file, so that none is passed over.
var vectorFiles = map[string]func(*testing.T){
	"backoff.json":         testBackoff,
	"decide.json":          testDecide,
	"eligibility.json":     testEligibility,
	"latency-buckets.json": testLatencyBuckets,
	"least-request.json":   testLeastRequest,
	"locality.json":        testLocality,
	"outlier.json":         testOutliers,
	"p2c-draw.json":        testDraw,
	"peak-ewma.json":       testPeakEWMA,
	"rendezvous.json":      testRendezvous,
	"retry-budget.json":    testRetryBudget,
	"ring-hash.json":       testRingHash,
	"slow-start.json":      testSlowStart,
	"smooth-wrr.json":      testSmoothWRR,
	"subsets.json":         testSubsets,
	"version-range.json":   testVersionRange,
	"weighted-random.json": testWeightedRandom,
	"xxh64.json":           testXXH64,
}

func TestVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(vectorsFolder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vectors in %s: %v", vectorsFolder, err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "rust-") {
			continue
		}
		run, known := vectorFiles[name]
		if !known {
			t.Errorf("%s: no test runs these vectors", name)
			continue
		}
		t.Run(strings.TrimSuffix(name, ".json"), run)
	}
}

// vectors reads a file of vectors. A key that T doesn't know is an error.
func vectors[T any](t *testing.T, name string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorsFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var all []T
	if err := decoder.Decode(&all); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(all) == 0 {
		t.Fatalf("%s: no vectors", name)
	}
	return all
}

// hex64 is an unsigned 64-bit number, written as 16 hexadecimal digits.
type hex64 uint64

func (h *hex64) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	number, err := strconv.ParseUint(text, 16, 64)
	*h = hex64(number)
	return err
}

// drawing hands out numbers in order; done fails the test unless all were drawn.
func drawing(t *testing.T, name string, numbers []hex64) (rand Rand, done func()) {
	drawn := 0
	rand = func() uint64 {
		if drawn++; drawn > len(numbers) {
			t.Errorf("%s: more than %d random numbers were drawn", name, len(numbers))
			return 0
		}
		return uint64(numbers[drawn-1])
	}
	return rand, func() {
		if drawn != len(numbers) {
			t.Errorf("%s: %d of %d random numbers were drawn", name, drawn, len(numbers))
		}
	}
}

func near(got, want float64) bool {
	return got == want || math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))
}

// policyPart is a policy with one part as a vector gives it.
func policyPart(t *testing.T, part string, value json.RawMessage) *Policy {
	t.Helper()
	policy := DefaultPolicy()
	if len(value) > 0 {
		decoder := json.NewDecoder(strings.NewReader(`{"` + part + `":` + string(value) + `}`))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&policy); err != nil {
			t.Fatal(err)
		}
	}
	return &policy
}

// tableOf is a table of instances that are up, with their ids as addresses.
func tableOf(policy *Policy, ids ...string) *Table {
	table := NewTable()
	var instances []*Instance
	for _, id := range ids {
		instances = append(instances, up(id))
	}
	table.Update(instances, false, policy, 0)
	return table
}

func up(id string) *Instance {
	return &Instance{ID: id, Address: id, Port: 80, Weight: 100, Status: StatusUp, Health: HealthPassing}
}
