package sagemaker

import (
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Invocation is what an endpoint is asked.
type Invocation struct {
	Endpoint string
	// Variant and Component are who is to answer; empty leaves it to AWS.
	Variant, Component string
}

// Answer says who answered an invocation.
type Answer struct {
	Endpoint           string `json:"endpoint"`
	Variant            string `json:"variant"`
	EndpointConfig     string `json:"endpointConfig"`
	InferenceComponent string `json:"inferenceComponent,omitempty"`
	Model              string `json:"model"`
	ModelDataURL       string `json:"modelDataUrl"`
}

// Invoke asks an endpoint: the inference component or the variant named, or the
// next variant by weight. Weights are kept exactly: of every ten requests, a
// variant with a tenth of the weight gets one.
func Invoke(tx *engine.Tx, asked Invocation) (Answer, *wire.Error) {
	o, err := serving(tx, asked.Endpoint)
	if err != nil {
		return Answer{}, err
	}
	if asked.Component != "" {
		return invokeComponent(tx, o, asked)
	}
	f, v, err := choose(o, asked)
	if err != nil {
		return Answer{}, err
	}
	if f.config["AsyncInferenceConfig"] != nil {
		// Assumption: the wording.
		return Answer{}, wire.Errorf("ValidationError", "Endpoint %s is asynchronous: use InvokeEndpointAsync.", asked.Endpoint)
	}
	return answerOf(o, f, v), nil
}

// serving is an endpoint that answers.
func serving(tx *engine.Tx, name string) (*engine.Object, *wire.Error) {
	o := tx.Find(endpoint, name)
	serves := []string{"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}
	if o == nil || !slices.Contains(serves, o.Status()) {
		return nil, wire.Errorf("ValidationError", "Endpoint %s of account %s not found.", name, tx.Caller.Account)
	}
	return o, nil
}

// choose is the variant that answers, with its fleet.
func choose(o *engine.Object, asked Invocation) (*fleet, *variant, *wire.Error) {
	f, v := pick(stateOf(o), asked.Variant)
	if v == nil {
		// Assumption: the wording.
		return nil, nil, wire.Errorf("ValidationError", "Variant %s of endpoint %s not found.", asked.Variant, asked.Endpoint)
	}
	if v.model == "" {
		return nil, nil, wire.Errorf("ValidationError", "Inference Component Name header is required for endpoints to which you plan to deploy "+
			"inference components. Please include Inference Component Name header or consider using SageMaker models.")
	}
	return f, v, nil
}

func answerOf(o *engine.Object, f *fleet, v *variant) Answer {
	return Answer{Endpoint: o.Name, Variant: v.name(), EndpointConfig: f.name(), Model: v.model, ModelDataURL: v.modelDataURL()}
}

// invokeComponent asks an inference component, which serves what it served until
// an update of it has ended.
func invokeComponent(tx *engine.Tx, on *engine.Object, asked Invocation) (Answer, *wire.Error) {
	o := tx.Find(inferenceComponent, asked.Component)
	if o == nil || !strings.EqualFold(wire.String(o.Document, "EndpointName"), on.Name) || o.Stage != "InService" && o.Stage != "Updating" {
		// Assumption: the wording.
		return Answer{}, wire.Errorf("ValidationError", "Inference Component %s of endpoint %s not found.", asked.Component, asked.Endpoint)
	}
	c := componentOf(o)
	if c.running == 0 {
		// Assumption: the words.
		return Answer{}, wire.Errorf("ValidationError", "Inference Component has no capacity to process this request. ApplicationAutoScaling may be "+
			"in-progress (if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.")
	}
	return Answer{
		Endpoint: on.Name, Variant: wire.String(o.Document, "VariantName"), EndpointConfig: stateOf(on).serving.name(),
		InferenceComponent: o.Name, Model: wire.String(c.current, "ModelName"), ModelDataURL: c.data,
	}, nil
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
