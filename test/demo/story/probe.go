package story

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
)

const (
	probeInterval = 100 * time.Millisecond
	// probeTimeout is when a user would say that the endpoint does not answer.
	probeTimeout = 10 * time.Second
)

// Answer is what became of one invocation of the endpoint.
type Answer struct {
	Asked   time.Time
	Latency time.Duration
	// Model is where the data of the model that answered come from.
	Model string
	// Err is why nobody answered.
	Err error
}

// Prober invokes an endpoint every 100 ms, one invocation at a time, without
// retries.
type Prober struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	answers []Answer
	changed chan struct{} // closed with the next answer
}

// StartProber starts one that ends with Stop or ctx.
func StartProber(ctx context.Context, config aws.Config, endpoint string) *Prober {
	ctx, cancel := context.WithCancel(ctx)
	p := &Prober{cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	client := sagemakerruntime.NewFromConfig(config)
	go func() {
		defer close(p.done)
		ticker := time.NewTicker(probeInterval)
		defer ticker.Stop()
		for {
			answer := ask(ctx, client, endpoint)
			if ctx.Err() != nil {
				return // its failure would be our own doing
			}
			p.record(answer)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return p
}

func ask(ctx context.Context, client *sagemakerruntime.Client, endpoint string) Answer {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	answer := Answer{Asked: time.Now()}
	out, err := client.InvokeEndpoint(ctx, &sagemakerruntime.InvokeEndpointInput{
		EndpointName: aws.String(endpoint), ContentType: aws.String("text/libsvm"), Body: []byte("1:3 2:0.455 3:0.365"),
	})
	answer.Latency = time.Since(answer.Asked)
	if err != nil {
		answer.Err = err
		return answer
	}
	var body struct {
		ModelDataURL string `json:"modelDataUrl"`
	}
	if err := json.Unmarshal(out.Body, &body); err != nil {
		answer.Err = fmt.Errorf("read the answer %q: %w", out.Body, err)
	} else if body.ModelDataURL == "" {
		answer.Err = fmt.Errorf("the answer %q names no model data", out.Body)
	}
	answer.Model = body.ModelDataURL
	return answer
}

func (p *Prober) record(answer Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, answer)
	close(p.changed)
	p.changed = make(chan struct{})
}

// Answers are all so far.
func (p *Prober) Answers() []Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.answers)
}

// Next waits for an answer to an invocation that has not begun yet.
func (p *Prober) Next(ctx context.Context) (Answer, error) {
	now := time.Now()
	for {
		p.mu.Lock()
		changed := p.changed
		if n := len(p.answers); n > 0 && p.answers[n-1].Asked.After(now) {
			answer := p.answers[n-1]
			p.mu.Unlock()
			return answer, nil
		}
		p.mu.Unlock()
		select {
		case <-changed:
		case <-p.done:
			return Answer{}, fmt.Errorf("nobody probes any more: %w", ctx.Err())
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		}
	}
}

// Stop ends it. It may be called more than once.
func (p *Prober) Stop() {
	p.cancel()
	<-p.done
}

// failures counts the invocations that nobody answered, and gives the first.
func failures(answers []Answer) (n int, first error) {
	for _, answer := range answers {
		if answer.Err == nil {
			continue
		}
		if n++; n == 1 {
			first = answer.Err
		}
	}
	return n, first
}

// models lists who answered, in the order of the answers, the same one again
// only after another.
func models(answers []Answer) []string {
	var list []string
	for _, answer := range answers {
		if answer.Err == nil && (len(list) == 0 || list[len(list)-1] != answer.Model) {
			list = append(list, answer.Model)
		}
	}
	return list
}

// movedByTurns tells whether the models that answered, as models lists them, went
// from one to another by way of both, with no third.
func movedByTurns(list []string, from, to string) bool {
	for i, model := range list {
		if model != []string{from, to}[i%2] {
			return false
		}
	}
	return len(list) >= 4 && len(list)%2 == 0
}
