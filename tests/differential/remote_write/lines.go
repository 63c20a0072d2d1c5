package main

// The lines of src/exporters/prometheus_remote_write/testing/request_text.h.

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/resourcetotelemetry"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// An exporter that keeps what the wrapper of the conversion hands on.
type keeper struct {
	component.StartFunc
	component.ShutdownFunc
	metrics pmetric.Metrics
}

func (*keeper) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }
func (k *keeper) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	k.metrics = metrics
	return nil
}

var _ exporter.Metrics = (*keeper)(nil)

func convert(metrics pmetric.Metrics, settings resourcetotelemetry.Settings) pmetric.Metrics {
	var kept keeper
	wrapped := resourcetotelemetry.WrapMetricsExporter(settings, &kept)
	if err := wrapped.ConsumeMetrics(context.Background(), metrics); err != nil {
		panic(err)
	}
	return kept.metrics
}

func labels(pairs []prompb.Label) string {
	sort.SliceStable(pairs, func(i, j int) bool { return pairs[i].Name < pairs[j].Name })
	var texts []string
	for _, each := range pairs {
		texts = append(texts, each.Name+"="+each.Value)
	}
	return "{" + strings.Join(texts, ",") + "}"
}

func referred(refs []uint32, symbols []string) []prompb.Label {
	var pairs []prompb.Label
	for i := 0; i < len(refs); i += 2 {
		pairs = append(pairs, prompb.Label{Name: symbols[refs[i]], Value: symbols[refs[i+1]]})
	}
	return pairs
}

func at(time, start int64) string {
	if start == 0 {
		return fmt.Sprintf("@%d", time)
	}
	return fmt.Sprintf("@%d^%d", time, start)
}

func hex(value float64) string { return fmt.Sprintf("%016x", math.Float64bits(value)) }

// The buckets with a count; what a span and an empty bucket cost is not compared.
func buckets(spans int, span func(int) (int32, uint32), deltas []int64) string {
	var texts []string
	var index int32
	var count int64
	next := 0
	for i := 0; i < spans; i++ {
		offset, length := span(i)
		index += offset
		for j := uint32(0); j < length; j++ {
			count += deltas[next]
			next++
			if count != 0 {
				texts = append(texts, fmt.Sprintf("%d:%d", index, count))
			}
			index++
		}
	}
	return strings.Join(texts, " ")
}

type timed struct {
	time int64
	text string
}

func joined(values []timed) string {
	sort.SliceStable(values, func(i, j int) bool { return values[i].time < values[j].time })
	text := ""
	for _, each := range values {
		text += each.text
	}
	return text
}

func line1(series *prompb.TimeSeries) string {
	var values []timed
	for _, each := range series.Samples {
		values = append(values, timed{each.Timestamp, " " + hex(each.Value) + at(each.Timestamp, 0)})
	}
	for _, each := range series.Histograms {
		values = append(values, timed{each.Timestamp, fmt.Sprintf(" H(%d,%s,%d,%d,%s|%s|%s)%s", each.Schema,
			hex(each.ZeroThreshold), each.GetZeroCountInt(), each.GetCountInt(), hex(each.Sum),
			buckets(len(each.NegativeSpans), func(i int) (int32, uint32) { return each.NegativeSpans[i].Offset, each.NegativeSpans[i].Length }, each.NegativeDeltas),
			buckets(len(each.PositiveSpans), func(i int) (int32, uint32) { return each.PositiveSpans[i].Offset, each.PositiveSpans[i].Length }, each.PositiveDeltas),
			at(each.Timestamp, 0))})
	}
	text := labels(series.Labels) + joined(values)
	for _, each := range series.Exemplars {
		text += " #" + labels(each.Labels) + hex(each.Value) + at(each.Timestamp, 0)
	}
	return text
}

func line2(series *writev2.TimeSeries, symbols []string) string {
	var values []timed
	for _, each := range series.Samples {
		values = append(values, timed{each.Timestamp, " " + hex(each.Value) + at(each.Timestamp, each.StartTimestamp)})
	}
	for _, each := range series.Histograms {
		values = append(values, timed{each.Timestamp, fmt.Sprintf(" H(%d,%s,%d,%d,%s|%s|%s)%s", each.Schema,
			hex(each.ZeroThreshold), each.GetZeroCountInt(), each.GetCountInt(), hex(each.Sum),
			buckets(len(each.NegativeSpans), func(i int) (int32, uint32) { return each.NegativeSpans[i].Offset, each.NegativeSpans[i].Length }, each.NegativeDeltas),
			buckets(len(each.PositiveSpans), func(i int) (int32, uint32) { return each.PositiveSpans[i].Offset, each.PositiveSpans[i].Length }, each.PositiveDeltas),
			at(each.Timestamp, each.StartTimestamp))})
	}
	text := labels(referred(series.LabelsRefs, symbols)) + joined(values)
	for _, each := range series.Exemplars {
		text += " #" + labels(referred(each.LabelsRefs, symbols)) + hex(each.Value) + at(each.Timestamp, 0)
	}
	return text + fmt.Sprintf(" M %d|%s|%s", each2Type(series), symbols[series.Metadata.HelpRef], symbols[series.Metadata.UnitRef])
}

func each2Type(series *writev2.TimeSeries) int32 { return int32(series.Metadata.Type) }
