// Lists of instances in id order.

package registry

import (
	"slices"
	"strings"
)

// find is the place of an instance in a list in id order, and whether it is there.
func find(instances []*Instance, id string) (int, bool) {
	return slices.BinarySearchFunc(instances, id, func(one *Instance, id string) int { return strings.Compare(one.ID, id) })
}

// merge is instances with the changed ones in their places and without those that are gone; both are in id order.
func merge(instances, changed []*Instance, gone map[string]bool) []*Instance {
	result := make([]*Instance, 0, len(instances)+len(changed))
	for len(instances) > 0 || len(changed) > 0 {
		var next *Instance
		if len(changed) == 0 || len(instances) > 0 && instances[0].ID < changed[0].ID {
			next, instances = instances[0], instances[1:]
		} else {
			if len(instances) > 0 && instances[0].ID == changed[0].ID {
				instances = instances[1:]
			}
			next, changed = changed[0], changed[1:]
		}
		if !gone[next.ID] {
			result = append(result, next)
		}
	}
	return result
}

// inOrder sorts instances by id, in byte order.
func inOrder(instances []*Instance) []*Instance {
	byID := func(a, b *Instance) int { return strings.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(instances, byID) {
		slices.SortFunc(instances, byID)
	}
	return slices.CompactFunc(instances, func(a, b *Instance) bool { return a.ID == b.ID })
}
