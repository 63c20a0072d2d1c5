package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Numbers are texts, because JSON has neither infinities nor NaN.
type exemplar struct {
	Labels [][2]string `json:"labels"`
	Value  string      `json:"value"`
	Nano   int64       `json:"nano"`
}

type series struct {
	Labels      [][2]string `json:"labels,omitempty"`
	TimestampMs *int64      `json:"timestamp_ms,omitempty"`
	CreatedNano int64       `json:"created_nano,omitempty"`
	Value       string      `json:"value,omitempty"`
	Bounds      []string    `json:"bounds,omitempty"`
	Counts      []uint64    `json:"counts,omitempty"` // of each bucket alone
	Quantiles   [][2]string `json:"quantiles,omitempty"`
	Sum         string      `json:"sum,omitempty"`
	Count       uint64      `json:"count,omitempty"`
	Exemplars   []exemplar  `json:"exemplars,omitempty"`
}

type family struct {
	Name   string   `json:"name"`
	Help   string   `json:"help"`
	Unit   string   `json:"unit,omitempty"`
	Type   string   `json:"type"`
	Series []series `json:"series"`
}

func number(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return value
}

func text(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

func labelPairs(labels [][2]string) (pairs []*dto.LabelPair) {
	for _, label := range labels {
		pairs = append(pairs, &dto.LabelPair{Name: proto.String(label[0]), Value: proto.String(label[1])})
	}
	return pairs
}

func timestamp(nano int64) *timestamppb.Timestamp {
	if nano == 0 {
		return nil
	}
	return timestamppb.New(time.Unix(0, nano))
}

func (e exemplar) proto() *dto.Exemplar {
	return &dto.Exemplar{Label: labelPairs(e.Labels), Value: proto.Float64(number(e.Value)), Timestamp: timestamp(e.Nano)}
}

func (s series) histogram() *dto.Histogram {
	histogram := &dto.Histogram{SampleCount: proto.Uint64(s.Count), SampleSum: proto.Float64(number(s.Sum)),
		CreatedTimestamp: timestamp(s.CreatedNano)}
	total := uint64(0)
	bounds := []float64{}
	for i, bound := range s.Bounds {
		total += s.Counts[i]
		bounds = append(bounds, number(bound))
		histogram.Bucket = append(histogram.Bucket,
			&dto.Bucket{CumulativeCount: proto.Uint64(total), UpperBound: proto.Float64(number(bound))})
	}
	for _, e := range s.Exemplars {
		i := sort.SearchFloat64s(bounds, number(e.Value))
		if i == len(histogram.Bucket) {
			histogram.Bucket = append(histogram.Bucket,
				&dto.Bucket{CumulativeCount: proto.Uint64(s.Count), UpperBound: proto.Float64(math.Inf(1))})
		}
		histogram.Bucket[i].Exemplar = e.proto()
	}
	return histogram
}

func (s series) summary() *dto.Summary {
	summary := &dto.Summary{SampleCount: proto.Uint64(s.Count), SampleSum: proto.Float64(number(s.Sum)),
		CreatedTimestamp: timestamp(s.CreatedNano)}
	for _, quantile := range s.Quantiles {
		summary.Quantile = append(summary.Quantile,
			&dto.Quantile{Quantile: proto.Float64(number(quantile[0])), Value: proto.Float64(number(quantile[1]))})
	}
	return summary
}

func (f family) proto() *dto.MetricFamily {
	made := &dto.MetricFamily{Name: proto.String(f.Name), Help: proto.String(f.Help)}
	if f.Unit != "" {
		made.Unit = proto.String(f.Unit)
	}
	made.Type = map[string]*dto.MetricType{"counter": dto.MetricType_COUNTER.Enum(), "gauge": dto.MetricType_GAUGE.Enum(),
		"untyped": dto.MetricType_UNTYPED.Enum(), "histogram": dto.MetricType_HISTOGRAM.Enum(),
		"summary": dto.MetricType_SUMMARY.Enum()}[f.Type]
	for _, s := range f.Series {
		metric := &dto.Metric{Label: labelPairs(s.Labels), TimestampMs: s.TimestampMs}
		switch f.Type {
		case "counter":
			metric.Counter = &dto.Counter{Value: proto.Float64(number(s.Value)), CreatedTimestamp: timestamp(s.CreatedNano)}
			if len(s.Exemplars) > 0 {
				metric.Counter.Exemplar = s.Exemplars[0].proto()
			}
		case "gauge":
			metric.Gauge = &dto.Gauge{Value: proto.Float64(number(s.Value))}
		case "untyped":
			metric.Untyped = &dto.Untyped{Value: proto.Float64(number(s.Value))}
		case "histogram":
			metric.Histogram = s.histogram()
		case "summary":
			metric.Summary = s.summary()
		}
		made.Metric = append(made.Metric, metric)
	}
	return made
}

var values = []float64{0, 1, -1, 0.5, 42, 999999, 1e6, 1234567, -1e6, 1e15, 9007199254740991, 9007199254740992,
	9007199254740994, 1e16, 1e20, 1e21, 1e22, 123456789012345680, 0.1, 1e-4, 1e-5, 0.000123456, 1.5e-7, 5e-324,
	2.2250738585072014e-308, math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN(),
	math.Copysign(0, -1), 100, 1000, 10000, 100000, 123456, 999999.5, 1000000.5, 3.141592653589793, 1.0 / 3,
	math.MaxUint64, math.MaxInt64, 1 << 53, 4.35, 0.3, 2.5e10, 1700000000.123, 1e100}

func numberRows() (rows []row) {
	random := rand.New(rand.NewSource(4))
	all := values
	for range 100 {
		all = append(all, math.Float64frombits(random.Uint64()), float64(random.Int63n(1<<40)),
			float64(random.Int63n(1e9))/1000, float64(random.Int63())*(random.Float64()-0.5))
	}
	for _, value := range all {
		one := family{Name: "x", Type: "gauge", Series: []series{{Value: text(value)}}}
		line := row{fmt.Sprintf("%016x", math.Float64bits(value))}
		for _, format := range []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0} {
			lines := strings.Split(strings.TrimSpace(encode([]family{one}, format)), "\n")
			for _, printed := range lines {
				if strings.HasPrefix(printed, "x ") {
					line = append(line, strings.TrimPrefix(printed, "x "))
				}
			}
		}
		rows = append(rows, line)
	}
	return rows
}

func encode(families []family, format expfmt.Format) string {
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, format)
	for _, one := range families {
		if err := encoder.Encode(one.proto()); err != nil {
			panic(err)
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			panic(err)
		}
	}
	return out.String()
}

const proto3 = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

// The last column is why an answer differs on purpose.
func acceptRows() (rows []row) {
	cases := [][2]string{
		{"", ""}, {"*/*", ""}, {"*", ""}, {"text/*", ""}, {"text/html", ""}, {"text/plain", ""},
		{"text/plain;version=0.0.4", ""}, {"text/plain;version=1.0.0", ""}, {"text/plain;version=2", ""},
		{"text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8", ""},
		{"text/plain;version=1.0.0;escaping=dots;q=0.5,text/plain;version=0.0.4;escaping=values;q=0.6", ""},
		{"text/plain;version=1.0.0;escaping=nonsense", ""}, {"text/plain;escaping=dots", ""},
		{"application/openmetrics-text", ""}, {"application/openmetrics-text;version=1.0.0", ""},
		{"application/openmetrics-text;version=0.0.1,text/plain;q=0.5", ""},
		{"application/openmetrics-text;version=2.0.0,text/plain;version=1.0.0;q=0.1", ""},
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", ""},
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ""},
		{proto3 + ";q=0.7," + "text/plain;version=0.0.4;q=0.3", ""}, {proto3, ""}, {proto3 + ";escaping=allow-utf-8", ""},
		{proto3 + ";q=0.1,text/plain;q=0.2", ""}, {"application/vnd.google.protobuf", ""},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", ""},
		{"application/vnd.google.protobuf;proto=other;encoding=delimited", ""},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", "for people"},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text", "for people"},
		{"text/plain;version=1.0.0;q=0", "q=0 refuses the format"},
		{"text/plain;version=1.0.0;q=bad,text/plain;q=0.1;escaping=dots", ""},
		{"text/plain/x;version=1.0.0", ""}, {"plain", ""}, {"text/", ""}, {"/plain", ""}, {",", ""}, {";", ""},
		{"text/plain;version", ""}, {"text/plain;version=", ""}, {"text/plain;version=1.0.0=x", ""},
		{" text/plain ; version = 1.0.0 ", ""}, {"TEXT/PLAIN;version=1.0.0", ""}, {"text/plain;q=0.5;version=1.0.0", ""},
		{"text/html;q=1,text/plain;version=1.0.0;q=0.001", ""}, {"text/plain;version=\"1.0.0\"", ""},
		{"application/json,text/plain;version=1.0.0;q=0.9,*/*;q=0.8", ""},
	}
	for _, one := range cases {
		header := http.Header{"Accept": []string{one[0]}}
		line := row{one[0], string(expfmt.Negotiate(header)), string(expfmt.NegotiateIncludingOpenMetrics(header))}
		if one[1] != "" {
			line = append(line, one[1])
		}
		rows = append(rows, line)
	}
	return rows
}

func randomLabels(random *rand.Rand, isUtf8 bool) (labels [][2]string) {
	found := map[string]bool{}
	for range random.Intn(4) {
		name := []string{"a", "method", "code", "_x"}[random.Intn(4)]
		if isUtf8 {
			name = []string{"http.method", "a b", "zé", "b-", "x\"y"}[random.Intn(5)]
		}
		if !found[name] {
			labels = append(labels, [2]string{name, randomText(random, 5)})
		}
		found[name] = true
	}
	sort.Slice(labels, func(i, j int) bool { return labels[i][0] < labels[j][0] })
	return labels
}

func randomValue(random *rand.Rand) string { return text(values[random.Intn(len(values))]) }

func randomExemplars(random *rand.Rand, count int) (exemplars []exemplar) {
	for range random.Intn(count + 1) {
		exemplars = append(exemplars, exemplar{
			Labels: [][2]string{{"span_id", "00f067aa0ba902b7"}, {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}},
			Value:  text(float64(random.Intn(100)) / 10), Nano: random.Int63n(3) * 1700000000123456789})
	}
	return exemplars
}

func randomSeries(random *rand.Rand, kind string, isUtf8 bool) series {
	one := series{Labels: randomLabels(random, isUtf8)}
	if random.Intn(3) == 0 {
		one.TimestampMs = proto.Int64(random.Int63n(2) * 1700000000123)
	}
	if kind != "gauge" && kind != "untyped" {
		one.CreatedNano = random.Int63n(2) * 1600000000000000001
	}
	switch kind {
	case "histogram":
		bound := 0.0
		for range random.Intn(5) {
			bound += []float64{0.005, 0.1, 1, 2.5, 1e6}[random.Intn(5)]
			one.Bounds = append(one.Bounds, text(bound))
			one.Counts = append(one.Counts, uint64(random.Intn(3)*700000))
			one.Count += one.Counts[len(one.Counts)-1]
		}
		rest := uint64(random.Intn(5))
		one.Counts = append(one.Counts, rest)
		one.Count += rest
		one.Sum = randomValue(random)
		one.Exemplars = randomExemplars(random, 3)
	case "summary":
		quantile := 0.0
		for range random.Intn(4) {
			quantile += 0.25
			one.Quantiles = append(one.Quantiles, [2]string{text(quantile), randomValue(random)})
		}
		one.Sum = randomValue(random)
		one.Count = uint64(random.Intn(2) * 12345678)
	default:
		one.Value = randomValue(random)
		if kind == "counter" {
			one.Exemplars = randomExemplars(random, 1)
		}
	}
	return one
}

var formats = []expfmt.Format{expfmt.FmtText, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtProtoDelim}

func pageRows() (rows []row) {
	random := rand.New(rand.NewSource(5))
	for i := range 30 {
		isUtf8 := i%3 == 2
		families := []family{}
		for j := range 1 + random.Intn(3) {
			kind := []string{"counter", "gauge", "untyped", "histogram", "summary"}[random.Intn(5)]
			one := family{Name: fmt.Sprintf("f%d", j), Help: []string{"", "A help.", "a \"b\" \\ \n c"}[random.Intn(3)], Type: kind}
			if isUtf8 {
				one.Name += []string{".x", " y", "é", "_z", "\""}[random.Intn(5)]
			}
			if random.Intn(3) == 0 {
				one.Name += "_seconds"
				one.Unit = "seconds"
			}
			if kind == "counter" && random.Intn(4) > 0 {
				one.Name += "_total"
			}
			for range 1 + random.Intn(3) {
				one.Series = append(one.Series, randomSeries(random, kind, isUtf8))
			}
			families = append(families, one)
		}
		schemes := []string{"underscores", "dots", "values", "allow-utf-8"}
		if !isUtf8 {
			schemes = schemes[:1]
		}
		outputs := map[string]string{}
		for _, scheme := range schemes {
			for _, format := range formats {
				format += expfmt.Format("; escaping=" + scheme)
				output := encode(families, format)
				if format.FormatType() == expfmt.TypeProtoDelim {
					output = base64.StdEncoding.EncodeToString([]byte(output))
				}
				outputs[string(format)] = output
			}
		}
		rows = append(rows, row{families, outputs})
	}
	return rows
}
