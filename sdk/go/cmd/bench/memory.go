package main

import "runtime"

const manyInstances = 10_000

// memory is what 10,000 instances of one service take in the copy.
func memory(b *bench) ([]result, error) {
	if err := b.until("many", 0); err != nil {
		return nil, err
	}
	before := heap()
	if err := b.fill("many", manyInstances); err != nil {
		return nil, err
	}
	if err := b.until("many", manyInstances); err != nil {
		return nil, err
	}
	taken := float64(heap()) - float64(before)
	return []result{
		{Name: "memory of 10,000 instances", Value: taken, Unit: "bytes"},
		{Name: "memory of an instance", Value: taken / manyInstances, Unit: "bytes"},
	}, nil
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
