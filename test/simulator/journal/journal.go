// Package journal records every request that reached the simulator.
package journal

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limit is how many entries are kept; the oldest go first. Counts go on.
const Limit = 100_000

// Entry is one request and what became of it.
type Entry struct {
	// Sequence numbers the requests from 1, in the order of their arrival.
	Sequence  int            `json:"sequence"`
	Time      time.Time      `json:"time"`
	Account   string         `json:"account"`
	Region    string         `json:"region"`
	Principal string         `json:"principal,omitempty"`
	Service   string         `json:"service"`
	Operation string         `json:"operation"`
	Request   map[string]any `json:"request,omitempty"`
	// Answer is what a carried-out mutation was answered with.
	Answer map[string]any `json:"answer,omitempty"`
	// Status is the HTTP status of the answer.
	Status int `json:"status"`
	// Code and Message of the refusal; empty when the request succeeded.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Lost is true when the request was carried out and its answer withheld.
	Lost bool `json:"lost,omitempty"`
}

// Succeeded says whether the request was carried out.
func (e Entry) Succeeded() bool { return e.Code == "" && e.Status < 400 }

// Mutation says whether the operation could change what SageMaker, Application
// Auto Scaling or CloudWatch keep.
func (e Entry) Mutation() bool {
	if !slices.Contains([]string{"sagemaker", "application-autoscaling", "cloudwatch"}, e.Service) {
		return false
	}
	for _, prefix := range []string{"Describe", "List", "Invoke", "Search", "BatchDescribe", "Get", "Query"} {
		if strings.HasPrefix(e.Operation, prefix) {
			return false
		}
	}
	return true
}

// Journal is safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	entries []Entry
	counts  map[string]int
	last    int
}

// Record appends an entry and numbers it.
func (j *Journal) Record(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Sequence = j.last
	if len(j.entries) == Limit {
		j.entries = slices.Delete(j.entries, 0, Limit/10)
	}
	j.entries = append(j.entries, e)
	if j.counts == nil {
		j.counts = map[string]int{}
	}
	j.counts[e.Operation]++
}

// Sequence is the number of the newest entry, 0 if there has never been one. Reset
// does not set it back.
func (j *Journal) Sequence() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Entries lists what was recorded since the last reset. The requests in it
// must not be changed.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// Mutations lists the requests that could change a SageMaker resource, the
// refused ones included.
func (j *Journal) Mutations() []Entry {
	return slices.DeleteFunc(j.Entries(), func(e Entry) bool { return !e.Mutation() })
}

// Counts is the number of requests per operation since the last reset.
func (j *Journal) Counts() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	counts := make(map[string]int, len(j.counts))
	maps.Copy(counts, j.counts)
	return counts
}

// Reset forgets all entries and counts.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.counts = nil, nil
}
