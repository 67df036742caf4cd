package story

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// width is where a line about a change is cut, in bytes.
const width = 150

// Log writes one line per thing that happens, with the time since its start and
// the chapter. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	out     io.Writer
	start   time.Time
	chapter string
	order   []string
	state   map[string]string
}

// NewLog makes one whose time starts now.
func NewLog(out io.Writer) *Log {
	return &Log{out: out, start: time.Now(), chapter: "start", state: map[string]string{}}
}

// Elapsed is the time since the start.
func (l *Log) Elapsed() time.Duration { return time.Since(l.start) }

// Begin begins a chapter.
func (l *Log) Begin(letter, title string) {
	l.mu.Lock()
	l.chapter = "(" + letter + ")"
	l.mu.Unlock()
	l.Sayf("--- %s ---", title)
}

// Sayf tells what is being done.
func (l *Log) Sayf(format string, args ...any) { l.write("  ", fmt.Sprintf(format, args...)) }

// OKf tells what was checked and is true.
func (l *Log) OKf(format string, args ...any) { l.write("ok", fmt.Sprintf(format, args...)) }

// Changed tells how it is with something, if that is news.
func (l *Log) Changed(what, how string) {
	l.mu.Lock()
	old, known := l.state[what]
	if !known {
		l.order = append(l.order, what)
	}
	l.state[what] = how
	l.mu.Unlock()
	if old != how {
		l.write("  ", cut(what+" "+how))
	}
}

// State is how it is with everything now, a line each.
func (l *Log) State() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := make([]string, 0, len(l.order))
	for _, what := range l.order {
		lines = append(lines, what+" "+l.state[what])
	}
	return strings.Join(lines, "\n")
}

func (l *Log) write(mark, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, "%6.1fs %-5s %s %s\n", time.Since(l.start).Seconds(), l.chapter, mark, text)
}

func cut(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > width {
		return strings.ToValidUTF8(text[:width], "") + "…"
	}
	return text
}
