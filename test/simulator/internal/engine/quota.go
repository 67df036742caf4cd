package engine

import (
	"maps"
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Usage is a share of one account-level quota.
type Usage struct {
	// Quota as AWS names it: "ml.m5.xlarge for training job usage".
	Quota string
	Count int
}

// Reserve checks that an object's use, as it would be, fits the quotas.
func (tx *Tx) Reserve(o *Object, wanted []Usage) *wire.Error {
	for _, quota := range slices.Sorted(maps.Keys(tx.Quotas)) {
		used, own := tx.used(quota, o)
		limit, delta := tx.Quotas[quota], total(wanted, quota)-own
		if delta > 0 && used+delta > limit {
			return wire.Errorf("ResourceLimitExceeded",
				"The account-level service limit '%s' is %d Instances, with current utilization of %d Instances and a request delta of "+
					"%d Instances. Please contact AWS support to request an increase for this limit.",
				quota, limit, used, delta)
		}
	}
	return nil
}

// used is how much of a quota the caller's account uses, and o within that.
func (tx *Tx) used(quota string, o *Object) (all, own int) {
	for _, other := range tx.objects {
		if other.Kind.Usage == nil || other.Scope != tx.Caller.Scope {
			continue
		}
		count := total(other.Kind.Usage(other), quota)
		all += count
		if other == o {
			own = count
		}
	}
	return all, own
}

func total(usage []Usage, quota string) int {
	sum := 0
	for _, u := range usage {
		if u.Quota == quota {
			sum += u.Count
		}
	}
	return sum
}
