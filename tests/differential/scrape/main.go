// Command scrape records what Prometheus's own parsers and its relabelling make of cases, for tests that
// compare the prometheus receiver with them. See ../README.md.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
)

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/prometheus/prometheus" {
			return module.Version
		}
	}
	return ""
}

// Writes one case a line, so that a change of one case is a change of one line.
func write[Case any](path string, cases []Case) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\"version\": %q,\n\"cases\": [", version())
	for i, one := range cases {
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString("\n")
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(one); err != nil {
			return err
		}
		out.Write(bytes.TrimSpace(line.Bytes()))
	}
	out.WriteString("\n]}\n")
	fmt.Printf("%s: %d cases\n", path, len(cases))
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: scrape FOLDER")
		os.Exit(2)
	}
	folder := os.Args[1]
	for _, err := range []error{
		write(folder+"/text.json", parseCases("text/plain;version=0.0.4", textBodies)),
		write(folder+"/openmetrics.json", parseCases("application/openmetrics-text;version=1.0.0", openMetricsBodies)),
		write(folder+"/relabel.json", relabelCases()),
	} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
