// Command differential runs processors and connectors of otelcol-contrib on recorded cases and writes what they
// do into the file of the cases, for tests that compare. See README.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strings"
	"time"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/attributesprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/cumulativetodeltaprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/deltatocumulativeprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/groupbyattrsprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/intervalprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/metricstarttimeprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/metricstransformprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/redactionprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourcedetectionprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/resourceprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/spanprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor"
)

var factories = []processor.Factory{
	attributesprocessor.NewFactory(), cumulativetodeltaprocessor.NewFactory(),
	deltatocumulativeprocessor.NewFactory(), filterprocessor.NewFactory(),
	groupbyattrsprocessor.NewFactory(), intervalprocessor.NewFactory(),
	metricstarttimeprocessor.NewFactory(), metricstransformprocessor.NewFactory(),
	redactionprocessor.NewFactory(), resourcedetectionprocessor.NewFactory(),
	resourceprocessor.NewFactory(), spanprocessor.NewFactory(), transformprocessor.NewFactory(),
}

// A case is refused at the start, fails with an error, or gives requests.
type testCase struct {
	Name        string            `json:"name"`
	Signal      string            `json:"signal"`
	Request     string            `json:"request"`
	Config      json.RawMessage   `json:"config"`
	Metadata    json.RawMessage   `json:"metadata,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	Deviation   string            `json:"deviation,omitempty"`
	Refused     string            `json:"refused,omitempty"`
	Failed      string            `json:"failed,omitempty"`
	OutputCount int               `json:"output_count,omitempty"`
	Output      []json.RawMessage `json:"output"`
}

type caseFile struct {
	Processor string                     `json:"processor,omitempty"`
	Connector string                     `json:"connector,omitempty"`
	Version   string                     `json:"version"`
	Requests  map[string]json.RawMessage `json:"requests"`
	Cases     []*testCase                `json:"cases"`
}

// Some names had no underscore at first.
func withoutUnderscores(name string) string {
	return strings.ReplaceAll(name, "_", "")
}

func factoryOf(name string) (processor.Factory, error) {
	for _, factory := range factories {
		if withoutUnderscores(factory.Type().String()) == withoutUnderscores(name) {
			return factory, nil
		}
	}
	return nil, fmt.Errorf("no processor %q", name)
}

// A processor of any signal, made and asked in the same way.
type running struct {
	component.Component
	consume func(context.Context, []byte) error
	output  func() ([][]byte, error)
}

func start(factory processor.Factory, signal string, config component.Config) (*running, error) {
	set := processor.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}
	ctx := context.Background()
	switch signal {
	case "traces":
		sink := new(consumertest.TracesSink)
		made, err := factory.CreateTraces(ctx, set, config, sink)
		return &running{made, func(ctx context.Context, text []byte) error {
			request, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(text)
			if err != nil {
				panic(err)
			}
			return made.ConsumeTraces(ctx, request)
		}, func() (all [][]byte, err error) {
			for _, request := range sink.AllTraces() {
				text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(request)
				if err != nil {
					return nil, err
				}
				all = append(all, text)
			}
			return all, nil
		}}, err
	case "metrics":
		sink := new(consumertest.MetricsSink)
		made, err := factory.CreateMetrics(ctx, set, config, sink)
		return &running{made, func(ctx context.Context, text []byte) error {
			request, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(text)
			if err != nil {
				panic(err)
			}
			return made.ConsumeMetrics(ctx, request)
		}, func() (all [][]byte, err error) {
			for _, request := range sink.AllMetrics() {
				text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(request)
				if err != nil {
					return nil, err
				}
				all = append(all, text)
			}
			return all, nil
		}}, err
	case "logs":
		sink := new(consumertest.LogsSink)
		made, err := factory.CreateLogs(ctx, set, config, sink)
		return &running{made, func(ctx context.Context, text []byte) error {
			request, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(text)
			if err != nil {
				panic(err)
			}
			return made.ConsumeLogs(ctx, request)
		}, func() (all [][]byte, err error) {
			for _, request := range sink.AllLogs() {
				text, err := (&plog.JSONMarshaler{}).MarshalLogs(request)
				if err != nil {
					return nil, err
				}
				all = append(all, text)
			}
			return all, nil
		}}, err
	}
	return nil, fmt.Errorf("no signal %q", signal)
}

// The request's headers and address, as a receiver would have left them.
func clientContext(metadata json.RawMessage) context.Context {
	if metadata == nil {
		return context.Background()
	}
	headers := map[string][]string{}
	if err := json.Unmarshal(metadata, &headers); err != nil {
		panic(err)
	}
	return client.NewContext(context.Background(), client.Info{Metadata: client.NewMetadata(headers)})
}

func run(of *subject, one *testCase, request []byte) (refused string, err error) {
	// As a part of a YAML file, in which 1 is an integer.
	retrieved, err := confmap.NewRetrievedFromYAML(one.Config)
	if err != nil {
		return "", fmt.Errorf("config: %w", err)
	}
	given, err := retrieved.AsConf()
	if err != nil {
		return "", fmt.Errorf("config: %w", err)
	}
	for name, value := range one.Environment {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	config := of.defaultConfig()
	if err := given.Unmarshal(config); err != nil {
		return err.Error(), nil
	}
	if err := confmap.Validate(config); err != nil {
		return err.Error(), nil
	}
	made, err := of.start(one, config)
	if err != nil {
		return err.Error(), nil
	}
	if err := made.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		return err.Error(), nil
	}
	if err := made.consume(clientContext(one.Metadata), request); err != nil {
		one.Failed = err.Error()
	}
	if err := made.Shutdown(context.Background()); err != nil {
		return "", err
	}
	output, err := made.output()
	one.Output = []json.RawMessage{}
	for _, text := range output {
		one.Output = append(one.Output, text)
	}
	return "", err
}

// A case that does not end within the time stops the recording: it would fill the memory.
func runBounded(of *subject, one *testCase, request []byte) (string, error) {
	type result struct {
		refused string
		err     error
	}
	done := make(chan result, 1)
	go func() {
		refused, err := run(of, one, request)
		done <- result{refused, err}
	}()
	select {
	case r := <-done:
		return r.refused, r.err
	case <-time.After(5 * time.Second):
		return "", fmt.Errorf("does not end")
	}
}

// A text that is the same for outputs that differ in the order of their lists only: some processors
// group by maps, whose order is random.
func inAnyOrder(output []json.RawMessage) string {
	var sorted func(value any) string
	sorted = func(value any) string {
		var parts []string
		switch of := value.(type) {
		case []any:
			for _, element := range of {
				parts = append(parts, sorted(element))
			}
		case map[string]any:
			for key, member := range of {
				parts = append(parts, key+":"+sorted(member))
			}
		default:
			return fmt.Sprintf("%T %v", value, value)
		}
		sort.Strings(parts)
		return fmt.Sprintf("%T{%s}", value, strings.Join(parts, ","))
	}
	text := fmt.Sprint(output == nil)
	for _, request := range output {
		var value any
		if err := json.Unmarshal(request, &value); err != nil {
			panic(err)
		}
		text += sorted(value)
	}
	return text
}

// The version of the module that a factory comes from.
func versionOf(of *subject) string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if strings.HasSuffix(module.Path, "/"+of.module) {
			return module.Version
		}
	}
	return "unknown"
}

func record(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file caseFile
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	of, err := subjectOf(&file)
	if err != nil {
		return err
	}
	for _, one := range file.Cases {
		request, found := file.Requests[one.Request]
		if !found {
			return fmt.Errorf("%s: no request %q", one.Name, one.Request)
		}
		before := one.Output
		one.Refused, one.Failed, one.Output = "", "", nil
		if one.Refused, err = runBounded(of, one, request); err != nil {
			return fmt.Errorf("%s: %w", one.Name, err)
		}
		if inAnyOrder(before) == inAnyOrder(one.Output) {
			one.Output = before
		}
	}
	file.Version = versionOf(of)
	var out bytes.Buffer
	out.WriteString(fmt.Sprintf("%s, \"version\": %q,\n\"requests\": {", file.head(), file.Version))
	names, err := orderOfKeys(text)
	if err != nil {
		return err
	}
	for i, name := range names {
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString(fmt.Sprintf("\n%q: %s", name, compact(file.Requests[name])))
	}
	out.WriteString("},\n\"cases\": [")
	for i, one := range file.Cases {
		if i > 0 {
			out.WriteString(",")
		}
		line, err := marshal(one)
		if err != nil {
			return err
		}
		out.WriteString("\n" + line)
	}
	out.WriteString("\n]}\n")
	fmt.Printf("%s: %d cases\n", path, len(file.Cases))
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func main() {
	for _, path := range os.Args[1:] {
		if err := record(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
	}
}
