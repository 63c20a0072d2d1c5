package main

import (
	"math/rand"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"
)

var strategies = []otlptranslator.TranslationStrategyOption{
	otlptranslator.UnderscoreEscapingWithSuffixes, otlptranslator.UnderscoreEscapingWithoutSuffixes,
	otlptranslator.NoUTF8EscapingWithSuffixes, otlptranslator.NoTranslation,
}

var kinds = map[string]otlptranslator.MetricType{
	"monotonic_sum": otlptranslator.MetricTypeMonotonicCounter, "sum": otlptranslator.MetricTypeNonMonotonicCounter,
	"gauge": otlptranslator.MetricTypeGauge, "histogram": otlptranslator.MetricTypeHistogram,
	"exponential": otlptranslator.MetricTypeExponentialHistogram, "summary": otlptranslator.MetricTypeSummary,
}
var kindNames = []string{"monotonic_sum", "gauge", "histogram", "sum", "exponential", "summary"}

var metricNames = []string{
	"http.server.requests", "http.server.duration", "mem.utilization", "light.speed", "(lambda).executions(#)",
	"net.dropped", "a.total.count", "t_seconds", "3xx", "@#$%", "@_#_", "a", "_", "__", "_a", "a_", "__a__b__",
	"total", "x.total", "x_total", "ratio", "cpu.ratio", "x_ratio_total", "rate.per.second", "io_per_second",
	"seconds.waited", "a:b:c", ":", "a::b", "日本.語", "température", "a\u0000b", "ns", "ns_a", "system.cpu.time",
	"jvm.memory.used", "process.runtime.go.gc.pause_ns", "k8s.pod.cpu.usage", "A.B-C D/E\\F", "9", "9.9", "_9",
	"bytes", "by", "x.bytes", "x_bytes_total", "x.kilometers", "a_bytes_per_second", "a_per_second_total",
}

var units = []string{
	"", "1", "s", "ms", "us", "ns", "min", "h", "d", "By", "KiBy", "MiBy", "GiBy", "TiBy", "KBy", "MBy", "GBy",
	"TBy", "kBy", "m", "V", "A", "J", "W", "g", "Cel", "Hz", "%", "{packets}", "packets", "1/s", "By/s", "By/{x}",
	"{x}/s", "m/s", "m/s/s", "/s", "s/", " s ", "By / min", "1/1", "%/%", "foo%", "%foo", "µs", "a_b", "a__b", "/",
	"//", "{a}b", "By/mo", "By/w", "By/y", "By/m", "count", "total", "ratio", "_s_", "°C",
}

func metricRow(name, unit, kind string) row {
	results := []any{}
	for _, strategy := range strategies {
		for _, namespace := range []string{"", "ns"} {
			namer := otlptranslator.NewMetricNamer(namespace, strategy)
			result, err := namer.Build(otlptranslator.Metric{Name: name, Unit: unit, Type: kinds[kind]})
			if err != nil {
				results = append(results, nil)
			} else {
				results = append(results, result)
			}
		}
	}
	return row{name, unit, kind, results}
}

func metricRows() (rows []row) {
	for _, name := range metricNames {
		for _, kind := range []string{"monotonic_sum", "gauge"} {
			rows = append(rows, metricRow(name, "", kind), metricRow(name, "1", kind))
		}
		rows = append(rows, metricRow(name, "By/s", "monotonic_sum"), metricRow(name, "s", "histogram"))
	}
	for i, unit := range units {
		rows = append(rows, metricRow("a.b", unit, kindNames[i%len(kindNames)]),
			metricRow("x_"+unit, unit, "monotonic_sum"), metricRow("a.b", unit, "gauge"))
	}
	random := rand.New(rand.NewSource(1))
	for range 150 {
		rows = append(rows, metricRow(randomText(random, 12), randomUnit(random), kindNames[random.Intn(6)]))
	}
	return rows
}

var pieces = []string{"a", "b", "Z", "7", "_", ".", "-", " ", ":", "é", "花", "\"", "\\", "\n", "total", "ratio", "s",
	"_per_", "seconds", "{", "}", "=", ","}

func randomText(random *rand.Rand, count int) string {
	var text strings.Builder
	for range 1 + random.Intn(count) {
		text.WriteString(pieces[random.Intn(len(pieces))])
	}
	return text.String()
}

func randomUnit(random *rand.Rand) string {
	unit := units[random.Intn(len(units))]
	if random.Intn(3) == 0 {
		unit += "/" + units[random.Intn(len(units))]
	}
	return unit
}

var keys = []string{
	"method", "http.method", "http.status_code", "2 cents", "_n", "p (q)", "a__b", "a..b", "__x__", "__name__", "__x",
	"x__", "__", "____", "_____", "___", "_", ".", "..", "é", "日本", "a:b", "9", "9a", "_9", "é9", "le", "job",
	"service.name", "k8s.pod.name", "a-b-c", "A", "Ünïcödé", "a\nb", "a\"b", "__a.b__", "__9__", "_a_", "_._",
}

func labelRows() (rows []row) {
	random := rand.New(rand.NewSource(2))
	all := keys
	for range 120 {
		all = append(all, randomText(random, 8))
	}
	for _, key := range all {
		line := row{key}
		for _, utf8 := range []bool{false, true} {
			namer := otlptranslator.LabelNamer{UTF8Allowed: utf8}
			if name, err := namer.Build(key); err != nil {
				line = append(line, nil)
			} else {
				line = append(line, name)
			}
		}
		rows = append(rows, line)
	}
	return rows
}

func escapeRows() (rows []row) {
	random := rand.New(rand.NewSource(3))
	all := append([]string{"9x", "x9", "_", ".", "a.b_c", "a b", "日本", "\U0001F600", "a:b", ":", "", "U__x"}, metricNames...)
	for range 120 {
		all = append(all, randomText(random, 8))
	}
	for _, name := range all {
		line := row{name}
		for _, scheme := range []model.EscapingScheme{model.UnderscoreEscaping, model.DotsEscaping, model.ValueEncodingEscaping} {
			escaped := name
			// As EscapeMetricFamily does: a plain name stays whatever the scheme is.
			if !model.LegacyValidation.IsValidMetricName(name) {
				escaped = model.EscapeName(name, scheme)
			}
			line = append(line, escaped)
		}
		rows = append(rows, line)
	}
	return rows
}
