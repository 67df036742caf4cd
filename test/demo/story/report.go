package story

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

func distinct(list []string) int {
	slices.Sort(list)
	return len(slices.Compact(list))
}

// Report writes what the chapters told so far have cost, as tables.
func (s *Story) Report(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nchapter\tseconds\n")
	for _, chapter := range s.chapters {
		fmt.Fprintf(table, "(%s) %s\t%.1f\n", chapter.Letter, chapter.Title, chapter.seconds)
	}
	fmt.Fprintf(table, "all, with the start\t%.1f\n", s.log.Elapsed().Seconds())

	fmt.Fprintf(table, "\nwhat\thow many\n")
	fmt.Fprintf(table, "processing jobs started\t%d\n", s.made().processing)
	fmt.Fprintf(table, "training jobs started\t%d\n", s.made().training)
	if s.prober != nil {
		answers := s.prober.Answers()
		failed, _ := failures(answers)
		var slowest time.Duration
		for _, answer := range answers {
			slowest = max(slowest, answer.Latency)
		}
		fmt.Fprintf(table, "invocations answered\t%d\n", len(answers)-failed)
		fmt.Fprintf(table, "invocations failed\t%d\n", failed)
		fmt.Fprintf(table, "models that answered\t%d\n", distinct(models(answers)))
		fmt.Fprintf(table, "slowest answer\t%s\n", slowest.Round(time.Millisecond))
	}

	fmt.Fprintf(table, "\nAWS operation\tcalls\tof these refused or not found\n")
	refused := map[string]int{}
	for _, entry := range s.bench.AWS.Journal().Entries() {
		if !entry.Succeeded() {
			refused[entry.Operation]++
		}
	}
	counts := s.bench.AWS.Journal().Counts()
	for _, operation := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(table, "%s\t%d\t%d\n", operation, counts[operation], refused[operation])
	}
	return table.Flush()
}
