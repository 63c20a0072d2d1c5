package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector"
	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/servicegraphconnector"
	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/spanmetricsconnector"
)

var connectors = []connector.Factory{
	countconnector.NewFactory(), servicegraphconnector.NewFactory(), spanmetricsconnector.NewFactory(),
}

func connectorFactory(name string) connector.Factory {
	for _, factory := range connectors {
		if withoutUnderscores(factory.Type().String()) == withoutUnderscores(name) {
			return factory
		}
	}
	return nil
}

// Times of this run, as opposed to those of the requests, which lie before.
var timeOfRun = regexp.MustCompile(`"(\d{19})"`)
var startOfRun = time.Now().UnixNano()

// A time of this run is written as "0".
func withoutTimes(text []byte) []byte {
	return timeOfRun.ReplaceAllFunc(text, func(found []byte) []byte {
		value, err := strconv.ParseInt(string(found[1:len(found)-1]), 10, 64)
		if err != nil || value < startOfRun {
			return found
		}
		return []byte(`"0"`)
	})
}

// A connector that makes metrics of a signal. It waits until there are `outputs_count` requests, which may come after
// an interval.
func startConnector(factory connector.Factory, one *testCase, config component.Config) (*running, error) {
	set := connector.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}
	ctx := context.Background()
	sink := new(consumertest.MetricsSink)
	var next consumer.Metrics = sink
	made := &running{output: func() (all [][]byte, err error) {
		for _, request := range sink.AllMetrics() {
			if one.OutputCount != 0 && len(all) == one.OutputCount {
				break
			}
			text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(request)
			if err != nil {
				return nil, err
			}
			all = append(all, withoutTimes(text))
		}
		return all, nil
	}}
	wait := func(err error) error {
		for i := 0; err == nil && i < 400 && len(sink.AllMetrics()) < one.OutputCount; i++ {
			time.Sleep(10 * time.Millisecond)
		}
		return err
	}
	switch one.Signal {
	case "traces":
		component, err := factory.CreateTracesToMetrics(ctx, set, config, next)
		made.Component = component
		made.consume = func(ctx context.Context, text []byte) error {
			request, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(text)
			if err != nil {
				panic(err)
			}
			return wait(component.ConsumeTraces(ctx, request))
		}
		return made, err
	case "metrics":
		component, err := factory.CreateMetricsToMetrics(ctx, set, config, next)
		made.Component = component
		made.consume = func(ctx context.Context, text []byte) error {
			request, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(text)
			if err != nil {
				panic(err)
			}
			return wait(component.ConsumeMetrics(ctx, request))
		}
		return made, err
	case "logs":
		component, err := factory.CreateLogsToMetrics(ctx, set, config, next)
		made.Component = component
		made.consume = func(ctx context.Context, text []byte) error {
			request, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(text)
			if err != nil {
				panic(err)
			}
			return wait(component.ConsumeLogs(ctx, request))
		}
		return made, err
	}
	return nil, fmt.Errorf("no signal %q", one.Signal)
}

// What a file of cases is about: a processor or a connector.
type subject struct {
	name          string
	module        string // the end of the path of its module
	defaultConfig func() component.Config
	start         func(*testCase, component.Config) (*running, error)
}

func subjectOf(file *caseFile) (*subject, error) {
	if file.Connector != "" {
		factory := connectorFactory(file.Connector)
		if factory == nil {
			return nil, fmt.Errorf("no connector %q", file.Connector)
		}
		return &subject{file.Connector, withoutUnderscores(factory.Type().String()) + "connector",
			factory.CreateDefaultConfig,
			func(one *testCase, config component.Config) (*running, error) {
				return startConnector(factory, one, config)
			}}, nil
	}
	factory, err := factoryOf(file.Processor)
	if err != nil {
		return nil, err
	}
	return &subject{file.Processor, withoutUnderscores(factory.Type().String()) + "processor",
		factory.CreateDefaultConfig,
		func(one *testCase, config component.Config) (*running, error) {
			return start(factory, one.Signal, config)
		}}, nil
}

// The first member of the file, which says what it is about.
func (file *caseFile) head() string {
	kind, name := "processor", file.Processor
	if file.Connector != "" {
		kind, name = "connector", file.Connector
	}
	text, _ := json.Marshal(name)
	return fmt.Sprintf("{%q: %s", kind, text)
}
