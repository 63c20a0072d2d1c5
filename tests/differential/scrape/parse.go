package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type parseCase struct {
	Body  string `json:"body"`
	Shown string `json:"shown"` // a line for each entry; "error" where the body is refused
}

var textBodies = []string{
	"# HELP a of \\\\ and \\n\n# TYPE a counter\na{b=\"c\",d=\"\\\"e\\\\\\n\"} 1.5 1000\n",
	"a 1\nb{} +Inf\nc{x=\"y\",} -1e3\n",
	"{\"a.b\",\"c d\"=\"e\"} NaN 7\n",
	"# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"1000000\"} 3\nh_sum 16\nh_count 3\n",
	"# TYPE s summary\ns{quantile=\"0.5\"} 10\ns_count 2\n",
	"\n  # a comment\n\t a\t{ b = \"c\" }\t 2  9 \n#\n",
	"{\"\u00fc\"} infinity\n# HELP b \u00fc\n",
	"a 0x10\n",
	"a 1_0\n",
	"a{\u00fc=\"1\"} 1\n",
}

var openMetricsBodies = []string{
	"# HELP a of \\\" and \\n\n# TYPE a counter\na_total{b=\"c\"} 1.5 1.25 # {t=\"u\"} 0.5 9.5\na_created 7\n# EOF\n",
	"# TYPE x_seconds gauge\n# UNIT x_seconds seconds\nx_seconds 1\n# EOF",
	"{\"a.b\",\"c d\"=\"e\",} NaN\n# EOF\n",
	"# TYPE h histogram\nh_bucket{le=\"1\"} 2 # {} 3\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n# EOF\n",
	"# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE t stateset\nt{t=\"on\"} 1\n# EOF\n",
}

// Each body as it is, without each of its bytes, and with other bytes in their place.
func mutations(body string) []string {
	all := []string{body}
	for i := range len(body) {
		all = append(all, body[:i]+body[i+1:])
		for _, other := range []string{" ", "\"", "\n", "{"} {
			all = append(all, body[:i]+other+body[i+1:])
		}
	}
	seen := map[string]bool{}
	kept := all[:0]
	for _, one := range all {
		if utf8.ValidString(one) && !seen[one] {
			seen[one] = true
			kept = append(kept, one)
		}
	}
	return kept
}

func number(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case math.IsInf(value, 1):
		return "inf"
	case math.IsInf(value, -1):
		return "-inf"
	}
	return fmt.Sprintf("%.17g", value)
}

func writeLabels(out *strings.Builder, ls labels.Labels) {
	ls.Range(func(l labels.Label) { fmt.Fprintf(out, " %s=\"%s\"", l.Name, l.Value) })
}

func shown(contentType, body string) string {
	parser, err := textparse.New([]byte(body), contentType, "", false, false, false, labels.NewSymbolTable())
	if err != nil {
		return "error"
	}
	var out strings.Builder
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			return "error"
		}
		switch entry {
		case textparse.EntryType:
			name, kind := parser.Type()
			fmt.Fprintf(&out, "type %s %s\n", name, kind)
		case textparse.EntryHelp:
			name, help := parser.Help()
			fmt.Fprintf(&out, "help %s %s\n", name, help)
		case textparse.EntryUnit:
			name, unit := parser.Unit()
			fmt.Fprintf(&out, "unit %s %s\n", name, unit)
		case textparse.EntrySeries:
			_, at, value := parser.Series()
			var ls labels.Labels
			parser.Labels(&ls)
			out.WriteString("sample")
			writeLabels(&out, ls)
			out.WriteString(" = " + number(value))
			if at != nil {
				fmt.Fprintf(&out, " @%d", *at)
			}
			var ex exemplar.Exemplar
			for parser.Exemplar(&ex) {
				out.WriteString(" #")
				writeLabels(&out, ex.Labels)
				out.WriteString(" = " + number(ex.Value))
				if ex.HasTs {
					fmt.Fprintf(&out, " @%d", ex.Ts)
				}
			}
			out.WriteString("\n")
		}
	}
}

func parseCases(contentType string, bodies []string) []parseCase {
	var cases []parseCase
	for _, body := range bodies {
		for _, one := range mutations(body) {
			cases = append(cases, parseCase{one, shown(contentType, one)})
		}
	}
	return cases
}
