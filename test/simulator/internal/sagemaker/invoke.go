package sagemaker

import (
	"slices"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Answer says who answered an invocation.
type Answer struct {
	Endpoint       string `json:"endpoint"`
	Variant        string `json:"variant"`
	EndpointConfig string `json:"endpointConfig"`
	Model          string `json:"model"`
	ModelDataURL   string `json:"modelDataUrl"`
}

// Invoke asks an endpoint: the variant named, or the next one by weight.
// Weights are kept exactly: of every ten requests, a variant with a tenth of
// the weight gets one.
func Invoke(tx *engine.Tx, name, target string) (Answer, *wire.Error) {
	o := tx.Find(endpoint, name)
	serves := []string{"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}
	if o == nil || !slices.Contains(serves, o.Status()) {
		return Answer{}, wire.Errorf("ValidationError", "Endpoint %s of account %s not found.", name, tx.Caller.Account)
	}
	f, v := pick(stateOf(o), target)
	if v == nil {
		// Assumption: the wording.
		return Answer{}, wire.Errorf("ValidationError", "Variant %s of endpoint %s not found.", target, name)
	}
	if v.model == "" {
		// Assumption: the wording.
		return Answer{}, wire.Errorf("ValidationError", "Endpoint %s serves inference components: name one.", name)
	}
	return Answer{Endpoint: o.Name, Variant: v.name(), EndpointConfig: f.name(), Model: v.model, ModelDataURL: v.modelDataURL()}, nil
}

// pick is a smooth weighted round robin over the variants of both fleets.
func pick(s *endpointState, target string) (*fleet, *variant) {
	var (
		total     float64
		bestFleet *fleet
		best      *variant
		bestKey   string
	)
	for f, share := range map[*fleet]float64{s.serving: 1 - s.traffic, s.pending: s.traffic} {
		if f == nil || share == 0 {
			continue
		}
		for _, v := range f.variants {
			if target != "" && v.name() != target {
				continue
			}
			weight, err := v.weight.Float64()
			if err != nil || weight*share == 0 && target == "" {
				continue
			}
			key := f.name() + "/" + v.name()
			s.turns[key] += weight * share
			total += weight * share
			if best == nil || s.turns[key] > s.turns[bestKey] || s.turns[key] == s.turns[bestKey] && key < bestKey {
				bestFleet, best, bestKey = f, v, key
			}
		}
	}
	s.turns[bestKey] -= total
	return bestFleet, best
}
