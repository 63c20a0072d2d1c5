// Command remote_write records what otelcol's translator makes of generated metric requests, for
// tests that compare. See ../README.md.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sort"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/resourcetotelemetry"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// The options of a set, with the names of the configuration.
type options struct {
	Namespace       string            `json:"namespace,omitempty"`
	ExternalLabels  map[string]string `json:"external_labels,omitempty"`
	Strategy        string            `json:"translation_strategy,omitempty"`
	NoSuffixes      bool              `json:"no_suffixes,omitempty"`
	NoTargetInfo    bool              `json:"no_target_info,omitempty"`
	NoScope         bool              `json:"disable_scope_info,omitempty"`
	SendMetadata    bool              `json:"send_metadata,omitempty"`
	Conversion      bool              `json:"resource_to_telemetry_conversion,omitempty"`
	ExcludesService bool              `json:"exclude_service_attributes,omitempty"`
	Protocol2       bool              `json:"protocol_2,omitempty"`
}

var sets = []options{
	{},
	{NoSuffixes: true, NoTargetInfo: true},
	{Namespace: "ns"},
	{ExternalLabels: map[string]string{"cluster": "c1", "__replica__": "r", "k": "external"}},
	{Conversion: true},
	{Conversion: true, ExcludesService: true, NoTargetInfo: true},
	{NoScope: true, SendMetadata: true},
	{SendMetadata: true, Namespace: "a_b", NoTargetInfo: true},
	{Strategy: "UnderscoreEscapingWithoutSuffixes"},
	{Protocol2: true},
	{Protocol2: true, Strategy: "NoTranslation", Conversion: true},
	{Protocol2: true, Strategy: "NoUTF8EscapingWithSuffixes", ExternalLabels: map[string]string{"a.b": "v"}},
}

type recorded struct {
	Options options  `json:"options"`
	Request string   `json:"request"` // base64 of ExportMetricsServiceRequest
	Failed  bool     `json:"failed,omitempty"`
	Lines   []string `json:"lines"`
}

func settings(set options) prometheusremotewrite.Settings {
	return prometheusremotewrite.Settings{
		Namespace:           set.Namespace,
		ExternalLabels:      set.ExternalLabels,
		DisableTargetInfo:   set.NoTargetInfo,
		DisableScopeInfo:    set.NoScope,
		AddMetricSuffixes:   !set.NoSuffixes,
		TranslationStrategy: set.Strategy,
		SendMetadata:        set.SendMetadata,
	}
}

func record(set options, metrics pmetric.Metrics) recorded {
	bytes, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(metrics)
	if err != nil {
		panic(err)
	}
	made := recorded{Options: set, Request: base64.StdEncoding.EncodeToString(bytes), Lines: []string{}}
	if set.Conversion {
		metrics = convert(metrics, resourcetotelemetry.Settings{Enabled: true, ExcludeServiceAttributes: set.ExcludesService})
	}
	if set.Protocol2 {
		series, symbols, err := prometheusremotewrite.FromMetricsV2(metrics, settings(set))
		made.Failed = err != nil
		for _, each := range series {
			made.Lines = append(made.Lines, line2(each, symbols.Symbols()))
		}
	} else {
		series, err := prometheusremotewrite.FromMetrics(metrics, settings(set))
		made.Failed = err != nil
		for _, each := range series {
			made.Lines = append(made.Lines, line1(each))
		}
		if set.SendMetadata {
			families, _ := prometheusremotewrite.OtelMetricsToMetadata(metrics, settings(set))
			seen := map[string]bool{}
			for _, each := range families {
				if !seen[each.MetricFamilyName] {
					made.Lines = append(made.Lines, fmt.Sprintf(" M %s|%d|%s|%s", each.MetricFamilyName, each.Type, each.Help, each.Unit))
				}
				seen[each.MetricFamilyName] = true
			}
		}
	}
	sort.Strings(made.Lines)
	return made
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: remote_write FILE")
		os.Exit(2)
	}
	versions := map[string]string{}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		switch module.Path {
		case "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/prometheusremotewrite",
			"github.com/prometheus/otlptranslator", "github.com/prometheus/prometheus":
			versions[module.Path] = module.Version
		}
	}
	var out bytes.Buffer
	write := func(value any) {
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			panic(err)
		}
	}
	out.WriteString("{\"versions\": ")
	write(versions)
	out.WriteString(",\"cases\": [\n")
	const count = 240
	for i := 0; i < count; i++ {
		if i > 0 {
			out.WriteString(",")
		}
		write(record(sets[i%len(sets)], generate(int64(i))))
	}
	out.WriteString("]}\n")
	fmt.Printf("%s: %d cases\n", os.Args[1], count)
	if err := os.WriteFile(os.Args[1], out.Bytes(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
