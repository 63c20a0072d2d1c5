package main

import (
	"fmt"
	"math"
	"math/rand"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// What is not generated, because Millrace does something else on purpose, is listed in
// tests/golden/remote_write/README.md.

const epoch = uint64(1_700_000_000_000_000_000)

var names = []string{"requests", "http.server.duration", "system.memory.usage", "process_cpu_seconds", "a.total.count",
	"(lambda).executions(#)", "3xx", "queue:size", "x__y", "größe", "ratio", "io.bytes.total", "@#$%"}
var units = []string{"", "1", "s", "ms", "By", "By/s", "{request}", "1/s", "%", "Cel", "packets", "m/s", "{a}/{b}"}
var keys = []string{"k", "k.k", "method", "http.status_code", "2 cents", "_n", "p (q)", "zone", "Größe", "A", "le_", "host.name"}
var texts = []string{"v", "GET", "a b", "ünï", "x=y", "200", "", "true", "a;b"}

func pick[T any](random *rand.Rand, from []T) T { return from[random.Intn(len(from))] }

func fill(random *rand.Rand, into pcommon.Map, most int) {
	for i := random.Intn(most + 1); i > 0; i-- {
		key := pick(random, keys)
		switch random.Intn(8) {
		case 0:
			into.PutInt(key, random.Int63n(1000)-500)
		case 1:
			into.PutDouble(key, float64(random.Intn(100))/8)
		case 2:
			into.PutBool(key, random.Intn(2) == 0)
		case 3:
			list := into.PutEmptySlice(key)
			list.AppendEmpty().SetStr("a")
			list.AppendEmpty().SetInt(2)
		default:
			into.PutStr(key, pick(random, texts))
		}
	}
}

type generator struct {
	random *rand.Rand
	serial uint64 // every point has a time of its own
}

func (g *generator) times() (pcommon.Timestamp, pcommon.Timestamp) {
	g.serial++
	// Not in their order, and never twice.
	offset := (g.serial * 7919 % 1000) * 1_000_000_000
	return pcommon.Timestamp(epoch), pcommon.Timestamp(epoch + 1_000_000_000 + offset + uint64(g.random.Intn(1_000_000)))
}

func (g *generator) number() float64 {
	return pick(g.random, []float64{0, 1, -1, 0.5, 12345.678, 1e300, math.Inf(1), math.Inf(-1), math.NaN(), float64(g.random.Intn(1000))})
}

func (g *generator) flags() pmetric.DataPointFlags {
	return pmetric.DefaultDataPointFlags.WithNoRecordedValue(g.random.Intn(12) == 0)
}

func (g *generator) exemplars(into pmetric.ExemplarSlice) {
	for i := g.random.Intn(3); i > 0; i-- {
		exemplar := into.AppendEmpty()
		exemplar.SetTimestamp(pcommon.Timestamp(epoch + uint64(g.random.Intn(1000))*1_000_000))
		if g.random.Intn(2) == 0 {
			exemplar.SetIntValue(g.random.Int63n(20))
		} else {
			exemplar.SetDoubleValue(float64(g.random.Intn(200)) / 16)
		}
		if g.random.Intn(4) != 0 {
			exemplar.SetTraceID(pcommon.TraceID{1, 2, 3, byte(g.random.Intn(256))})
			exemplar.SetSpanID(pcommon.SpanID{4, byte(g.random.Intn(256))})
		}
		switch g.random.Intn(4) {
		case 0:
			exemplar.FilteredAttributes().PutStr("user", "ünï")
		case 1:
			exemplar.FilteredAttributes().PutStr("long", fmt.Sprintf("%0*d", 40+g.random.Intn(100), 7))
		}
	}
}

func (g *generator) numbers(points pmetric.NumberDataPointSlice, withExemplars bool) {
	for i := 1 + g.random.Intn(3); i > 0; i-- {
		point := points.AppendEmpty()
		start, time := g.times()
		point.SetStartTimestamp(start)
		point.SetTimestamp(time)
		point.SetFlags(g.flags())
		if g.random.Intn(2) == 0 {
			point.SetIntValue(g.random.Int63n(1 << 60))
		} else {
			point.SetDoubleValue(g.number())
		}
		fill(g.random, point.Attributes(), 3)
		if withExemplars {
			g.exemplars(point.Exemplars())
		}
	}
}

func (g *generator) histograms(points pmetric.HistogramDataPointSlice, withExemplars bool) {
	bounds := []float64{-5, 0, 0.000001, 0.005, 1, 2.5, 10, 1e6, 1e23}
	for i := 1 + g.random.Intn(2); i > 0; i-- {
		point := points.AppendEmpty()
		start, time := g.times()
		point.SetStartTimestamp(start)
		point.SetTimestamp(time)
		fill(g.random, point.Attributes(), 3)
		point.SetFlags(g.flags())
		from := g.random.Intn(len(bounds))
		to := from + g.random.Intn(len(bounds)-from)
		var count uint64
		if g.random.Intn(5) != 0 {
			point.ExplicitBounds().FromRaw(bounds[from:to])
			for j := 0; j <= to-from; j++ {
				bucket := uint64(g.random.Intn(50))
				point.BucketCounts().Append(bucket)
				count += bucket
			}
		} else {
			count = uint64(g.random.Intn(50))
		}
		point.SetCount(count)
		if g.random.Intn(4) != 0 {
			point.SetSum(float64(g.random.Intn(1000)) / 4)
		}
		if withExemplars && !point.Flags().NoRecordedValue() {
			g.exemplars(point.Exemplars())
		}
	}
}

func (g *generator) exponentials(points pmetric.ExponentialHistogramDataPointSlice) {
	for i := 1 + g.random.Intn(2); i > 0; i-- {
		point := points.AppendEmpty()
		start, time := g.times()
		point.SetStartTimestamp(start)
		point.SetTimestamp(time)
		fill(g.random, point.Attributes(), 3)
		point.SetScale(int32(g.random.Intn(16) - 4))
		if g.random.Intn(12) == 0 {
			point.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
			continue
		}
		point.SetZeroCount(uint64(g.random.Intn(5)))
		if g.random.Intn(3) == 0 {
			point.SetZeroThreshold(0.001)
		}
		count := point.ZeroCount()
		for _, buckets := range []pmetric.ExponentialHistogramDataPointBuckets{point.Positive(), point.Negative()} {
			if g.random.Intn(3) == 0 {
				continue
			}
			buckets.SetOffset(int32(g.random.Intn(60) - 30))
			for j := 1 + g.random.Intn(12); j > 0; j-- {
				bucket := uint64(max(0, g.random.Intn(12)-6))
				if point.Scale() > 8 {
					bucket++
				}
				buckets.BucketCounts().Append(bucket)
				count += bucket
			}
		}
		point.SetCount(count)
		if g.random.Intn(4) != 0 {
			point.SetSum(float64(g.random.Intn(1000)) / 4)
		}
		g.exemplars(point.Exemplars())
	}
}

func (g *generator) summaries(points pmetric.SummaryDataPointSlice) {
	for i := 1 + g.random.Intn(2); i > 0; i-- {
		point := points.AppendEmpty()
		start, time := g.times()
		point.SetStartTimestamp(start)
		point.SetTimestamp(time)
		fill(g.random, point.Attributes(), 3)
		point.SetFlags(g.flags())
		point.SetCount(uint64(g.random.Intn(100)))
		point.SetSum(float64(g.random.Intn(1000)) / 4)
		for _, quantile := range []float64{0, 0.5, 0.999, 1}[:g.random.Intn(5)] {
			each := point.QuantileValues().AppendEmpty()
			each.SetQuantile(quantile)
			each.SetValue(g.number())
		}
	}
}

func (g *generator) metric(metric pmetric.Metric, set options) {
	protocol2 := set.Protocol2
	metric.SetName(pick(g.random, names) + pick(g.random, []string{"", "", "." + fmt.Sprint(g.serial)}))
	if metric.Name() == "@#$%" && !set.NoTargetInfo {
		metric.SetName("symbols")
	}
	metric.SetUnit(pick(g.random, units))
	if g.random.Intn(3) != 0 {
		metric.SetDescription("What " + metric.Name() + " is")
	}
	temporality := pmetric.AggregationTemporalityCumulative
	if g.random.Intn(8) == 0 && set.NoTargetInfo && !set.SendMetadata {
		temporality = pick(g.random, []pmetric.AggregationTemporality{pmetric.AggregationTemporalityDelta, pmetric.AggregationTemporalityUnspecified})
	}
	switch g.random.Intn(6) {
	case 0:
		g.numbers(metric.SetEmptyGauge().DataPoints(), !protocol2)
		if g.random.Intn(4) == 0 {
			metric.Metadata().PutStr("prometheus.type", "unknown")
		}
	case 1, 2:
		sum := metric.SetEmptySum()
		sum.SetAggregationTemporality(temporality)
		sum.SetIsMonotonic(g.random.Intn(3) != 0)
		if g.random.Intn(4) == 0 {
			metric.Metadata().PutStr("prometheus.type", pick(g.random, []string{"info", "stateset", "counter"}))
		}
		g.numbers(sum.DataPoints(), !protocol2 || sum.IsMonotonic())
	case 3:
		histogram := metric.SetEmptyHistogram()
		histogram.SetAggregationTemporality(temporality)
		g.histograms(histogram.DataPoints(), !protocol2)
	case 4:
		histogram := metric.SetEmptyExponentialHistogram()
		histogram.SetAggregationTemporality(temporality)
		g.exponentials(histogram.DataPoints())
	default:
		g.summaries(metric.SetEmptySummary().DataPoints())
	}
}

func generate(seed int64) pmetric.Metrics {
	g := &generator{random: rand.New(rand.NewSource(seed))}
	set := sets[seed%int64(len(sets))]
	metrics := pmetric.NewMetrics()
	for i := 1 + g.random.Intn(2); i > 0; i-- {
		resource := metrics.ResourceMetrics().AppendEmpty()
		if g.random.Intn(5) != 0 {
			resource.Resource().Attributes().PutStr("service.name", pick(g.random, []string{"shop", "cart"}))
		}
		if g.random.Intn(2) == 0 {
			resource.Resource().Attributes().PutStr("service.namespace", "prod")
		}
		if g.random.Intn(2) == 0 {
			resource.Resource().Attributes().PutStr("service.instance.id", fmt.Sprint("pod-", g.random.Intn(9)))
		}
		fill(g.random, resource.Resource().Attributes(), 3)
		resource.Resource().Attributes().RemoveIf(func(_ string, value pcommon.Value) bool { return value.AsString() == "" })
		for j := 1 + g.random.Intn(2); j > 0; j-- {
			scope := resource.ScopeMetrics().AppendEmpty()
			scope.Scope().SetName(pick(g.random, []string{"", "lib", "github.com/a/b"}))
			scope.Scope().SetVersion(pick(g.random, []string{"", "1.2"}))
			scope.SetSchemaUrl(pick(g.random, []string{"", "https://schema"}))
			if g.random.Intn(3) == 0 {
				scope.Scope().Attributes().PutStr(pick(g.random, []string{"name", "short", "lib.kind"}), "v")
			}
			for k := 1 + g.random.Intn(3); k > 0; k-- {
				g.metric(scope.Metrics().AppendEmpty(), set)
			}
		}
	}
	return metrics
}
