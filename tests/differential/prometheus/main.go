// Command prometheus records what Prometheus's own Go modules make of generated names, labels,
// numbers, Accept headers and metric families, for tests that compare. See ../README.md.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
)

// A row of a table is an array; its columns are described in tests/golden/prometheus/README.md.
type row []any

type table struct {
	name string
	rows []row
}

func marshal(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return string(bytes.TrimSpace(out.Bytes()))
}

func versions() map[string]string {
	found := map[string]string{}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		switch module.Path {
		case "github.com/prometheus/otlptranslator", "github.com/prometheus/common",
			"github.com/prometheus/client_model":
			found[module.Path] = module.Version
		}
	}
	return found
}

func write(path string, tables []table) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\"versions\": %s", marshal(versions()))
	count := 0
	for _, one := range tables {
		fmt.Fprintf(&out, ",\n%q: [", one.name)
		for i, line := range one.rows {
			if i > 0 {
				out.WriteString(",")
			}
			out.WriteString("\n" + marshal(line))
		}
		out.WriteString("\n]")
		count += len(one.rows)
	}
	out.WriteString("}\n")
	fmt.Printf("%s: %d cases\n", path, count)
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: prometheus FOLDER")
		os.Exit(2)
	}
	folder := os.Args[1]
	for path, tables := range map[string][]table{
		folder + "/names.json": {{"metrics", metricRows()}, {"labels", labelRows()}, {"escapes", escapeRows()}},
		folder + "/pages.json": {{"numbers", numberRows()}, {"accepts", acceptRows()}, {"pages", pageRows()}},
	} {
		if err := write(path, tables); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
