package main

import (
	"math"
	"strings"
	"time"

	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/zipkincore"
)

type zipkinSpan = zipkincore.Span

// What one span can say, for both models.
type tag struct {
	key   string
	value any // string, bool, int64, float64, []byte; unknown: another type
}
type unknown int32

type reference struct {
	high, low, span uint64
	kind            int32
}
type logLine struct {
	at     int64 // microseconds
	fields []tag
}
type span struct {
	high, low, id, parent uint64
	name                  string
	references            []reference
	flags                 uint32
	start, duration       int64 // microseconds
	tags                  []tag
	logs                  []logLine
	process               *process // protobuf alone
}
type process struct {
	service string
	tags    []tag
}
type batch struct {
	process *process
	spans   []span
}

func base() span {
	return span{high: 0x0102030405060708, low: 0x1112131415161718, id: 0x2122232425262728, name: "get /",
		start: 1_700_000_000_123_456, duration: 1_500, flags: 1}
}

func tagged(tags ...tag) batch {
	one := base()
	one.tags = tags
	return batch{&process{"shop", nil}, []span{one}}
}

func referring(parent uint64, references ...reference) batch {
	one := base()
	one.parent, one.references = parent, references
	return batch{&process{"shop", nil}, []span{one}}
}

func cases() map[string]batch {
	all := map[string]batch{}
	one := base()
	all["plain"] = batch{&process{"shop", []tag{{"hostname", "node-1"}, {"ip", "10.0.0.1"}, {"jaeger.version", "Go-2.3"},
		{"cores", int64(8)}, {"load", 0.5}, {"debug", true}, {"key", []byte{0, 255, 1}}}}, []span{one}}
	all["process_names"] = batch{&process{"shop", []tag{{"hostname", "a"}, {"host.name", "b"},
		{"opencensus.exporterversion", "x"}, {"jaeger.version", "1"}, {"service.name", "other"}}}, []span{one}}
	all["process_version_of_number"] = batch{&process{"shop", []tag{{"jaeger.version", int64(3)}, {"hostname", int64(7)}}}, []span{one}}
	all["process_without_name"] = batch{&process{"", []tag{{"a", "b"}}}, []span{one}}
	all["process_empty"] = batch{&process{"", nil}, []span{one}}
	all["process_no_service_name"] = batch{&process{"OTLPResourceNoServiceName", []tag{{"a", "b"}}}, []span{one}}
	all["process_http_code"] = batch{&process{"shop", []tag{{"http.status_code", "500"}}}, []span{one}}
	all["no_spans"] = batch{&process{"shop", nil}, nil}
	all["types"] = tagged(tag{"s", "text"}, tag{"es", ""}, tag{"t", true}, tag{"f", false}, tag{"i", int64(-5)},
		tag{"min", int64(math.MinInt64)}, tag{"max", int64(math.MaxInt64)}, tag{"d", 1.25}, tag{"inf", math.Inf(1)},
		tag{"z", 0.0}, tag{"b", []byte("\x00\xff")}, tag{"eb", []byte{}}, tag{"", "empty key"}, tag{"unknown", unknown(7)},
		tag{"utf8", "Жанна \"東京\""})
	all["twice"] = tagged(tag{"a", "1"}, tag{"b", "2"}, tag{"a", int64(3)})
	for _, kind := range []string{"client", "server", "producer", "consumer", "internal", "Server", ""} {
		all["kind_"+kind] = tagged(tag{"span.kind", kind}, tag{"a", "b"})
	}
	all["kind_number"] = tagged(tag{"span.kind", int64(2)})
	all["kind_twice"] = tagged(tag{"span.kind", "client"}, tag{"span.kind", "server"})
	all["error_true"] = tagged(tag{"error", true})
	all["error_false"] = tagged(tag{"error", false})
	all["error_text"] = tagged(tag{"error", "true"})
	all["error_description"] = tagged(tag{"error", true}, tag{"otel.status_description", "broken"}, tag{"http.status_message", "no"})
	all["error_http_message"] = tagged(tag{"error", true}, tag{"http.status_message", "Bad"}, tag{"http.status_code", int64(200)})
	all["error_and_status"] = tagged(tag{"error", true}, tag{"otel.status_code", "OK"}, tag{"otel.status_description", "d"})
	all["error_false_and_status"] = tagged(tag{"error", false}, tag{"otel.status_code", "error"}, tag{"otel.status_description", "d"})
	for _, code := range []string{"OK", "ok", "Error", "ERROR", "UNSET", "nonsense"} {
		all["status_"+code] = tagged(tag{"otel.status_code", code}, tag{"otel.status_description", "text"})
	}
	all["status_number"] = tagged(tag{"otel.status_code", int64(2)})
	all["status_alone_description"] = tagged(tag{"otel.status_description", "text"})
	all["status_description_number"] = tagged(tag{"otel.status_code", "ERROR"}, tag{"otel.status_description", int64(1)})
	for _, code := range []struct {
		name  string
		value any
	}{{"200", int64(200)}, {"99", int64(99)}, {"398", int64(398)}, {"399", int64(399)}, {"404", int64(404)}, {"503", int64(503)},
		{"text_500", "500"}, {"text_plus", "+500"}, {"text_none", "abc"}, {"text_long", "99999999999999999999"}, {"double", 500.0}, {"negative", int64(-1)}} {
		all["http_"+code.name] = tagged(tag{"http.status_code", code.value}, tag{"http.status_message", "said"})
		all["http_client_"+code.name] = tagged(tag{"http.status_code", code.value}, tag{"span.kind", "client"})
		all["http_server_"+code.name] = tagged(tag{"http.response.status_code", code.value}, tag{"span.kind", "server"})
	}
	all["http_both"] = tagged(tag{"http.status_code", int64(500)}, tag{"http.response.status_code", int64(200)})
	all["http_and_status"] = tagged(tag{"http.status_code", int64(500)}, tag{"otel.status_code", "OK"})
	all["trace_state"] = tagged(tag{"w3c.tracestate", "a=b,c=d"})
	all["trace_state_number"] = tagged(tag{"w3c.tracestate", int64(1)})
	all["scope"] = tagged(tag{"otel.scope.name", "lib"}, tag{"otel.scope.version", "1.2"}, tag{"a", "b"})
	all["scope_library"] = tagged(tag{"otel.library.name", "lib"}, tag{"otel.library.version", "1.2"})
	all["scope_version_alone"] = tagged(tag{"otel.scope.version", "1.2"})
	all["scope_number"] = tagged(tag{"otel.scope.name", int64(4)}, tag{"otel.scope.version", int64(5)})
	all["scope_twice"] = tagged(tag{"otel.scope.name", "one"}, tag{"otel.scope.name", "two"})
	other, third := base(), base()
	other.id, third.id = 2, 3
	one.tags = []tag{{"otel.scope.name", "lib"}}
	third.tags = []tag{{"otel.scope.name", "lib"}, {"otel.scope.version", "2"}}
	fourth := base()
	fourth.id, fourth.tags = 4, one.tags
	all["scopes"] = batch{&process{"shop", nil}, []span{one, other, third, fourth}}
	const high, low = 0x0102030405060708, 0x1112131415161718
	all["parent"] = referring(0x31)
	all["parent_child_of"] = referring(0, reference{high, low, 0x31, 0})
	all["parent_follows"] = referring(0, reference{high, low, 0x31, 1})
	all["parent_both"] = referring(0, reference{high, low, 0x31, 1}, reference{high, low, 0x32, 0}, reference{high, low, 0x33, 0})
	all["parent_two_follow"] = referring(0, reference{high, low, 0x31, 1}, reference{high, low, 0x32, 1})
	all["parent_and_reference"] = referring(0x31, reference{high, low, 0x31, 0})
	all["parent_and_others"] = referring(0x31, reference{high, low, 0x31, 0}, reference{high, low, 0x31, 1}, reference{9, 8, 7, 0})
	all["reference_other_trace"] = referring(0, reference{0, 5, 6, 0}, reference{high, 1, 6, 1})
	all["reference_zero"] = referring(0, reference{high, low, 0, 0})
	all["reference_zero_trace"] = referring(1, reference{0, 0, 0, 1})
	all["reference_unknown"] = referring(0, reference{high, low, 0x31, 5}, reference{high, low, 0x32, 1})
	short := base()
	short.high = 0
	nothing := span{high: 0, low: 0, id: 0, name: "no ids"}
	unsampled := base()
	unsampled.flags = 2
	debug := base()
	debug.flags = 3
	all["ids_and_flags"] = batch{&process{"shop", nil}, []span{short, nothing, unsampled, debug}}
	all["blank"] = batch{&process{"shop", nil}, []span{{}, base()}}
	logs := base()
	logs.logs = []logLine{{1_700_000_000_123_457, []tag{{"event", "cache miss"}, {"key", "k"}, {"n", int64(1)}, {"b", []byte("x")}}},
		{0, nil}, {5, []tag{{"event", int64(3)}}}, {6, []tag{{"event", ""}}}, {7, []tag{{"event", "1"}, {"event", "2"}, {"a", "1"}, {"a", "2"}}},
		{8, []tag{{"http.status_code", int64(500)}, {"otel.scope.name", "kept"}}}}
	all["logs"] = batch{&process{"shop", nil}, []span{logs}}
	times := base()
	times.start, times.duration = 0, 0
	before := base()
	before.start, before.duration = -5, 3
	backwards := base()
	backwards.duration = -7
	all["times"] = batch{&process{"shop", nil}, []span{times, before, backwards}}
	own, same := base(), base()
	own.process, own.id = &process{"bank", []tag{{"a", "b"}}}, 5
	same.process, same.id = &process{"shop", nil}, 6
	all["own_process"] = batch{&process{"shop", nil}, []span{base(), own, same}}
	all["own_process_alone"] = batch{nil, []span{own}}
	all["long"] = tagged(tag{"long", strings.Repeat("0123456789", 30)})
	many := tagged()
	many.spans = nil
	for i := range uint64(20) {
		next := base()
		next.id = i + 1
		next.tags = []tag{{"i", int64(i)}}
		many.spans = append(many.spans, next)
	}
	all["many"] = many
	return all
}

func protobufTags(tags []tag) (into []model.KeyValue) {
	for _, one := range tags {
		switch value := one.value.(type) {
		case string:
			into = append(into, model.String(one.key, value))
		case bool:
			into = append(into, model.Bool(one.key, value))
		case int64:
			into = append(into, model.Int64(one.key, value))
		case float64:
			into = append(into, model.Float64(one.key, value))
		case []byte:
			into = append(into, model.Binary(one.key, value))
		case unknown:
			into = append(into, model.KeyValue{Key: one.key, VType: model.ValueType(value), VStr: "x"})
		}
	}
	return into
}

func protobufProcess(one *process) *model.Process {
	if one == nil {
		return nil
	}
	return &model.Process{ServiceName: one.service, Tags: protobufTags(one.tags)}
}

func protobufBatches() map[string]*model.Batch {
	all := map[string]*model.Batch{}
	for name, from := range cases() {
		into := &model.Batch{Process: protobufProcess(from.process)}
		for _, one := range from.spans {
			next := &model.Span{TraceID: model.NewTraceID(one.high, one.low), SpanID: model.NewSpanID(one.id),
				OperationName: one.name, Flags: model.Flags(one.flags), StartTime: time.UnixMicro(one.start).UTC(),
				Duration: time.Duration(one.duration) * time.Microsecond, Tags: protobufTags(one.tags),
				Process: protobufProcess(one.process), Warnings: []string{"clock skew"}}
			if one.parent != 0 {
				next.References = append(next.References, model.NewChildOfRef(next.TraceID, model.NewSpanID(one.parent)))
			}
			for _, ref := range one.references {
				next.References = append(next.References, model.SpanRef{TraceID: model.NewTraceID(ref.high, ref.low),
					SpanID: model.NewSpanID(ref.span), RefType: model.SpanRefType(ref.kind)})
			}
			for _, line := range one.logs {
				next.Logs = append(next.Logs, model.Log{Timestamp: time.UnixMicro(line.at).UTC(), Fields: protobufTags(line.fields)})
			}
			into.Spans = append(into.Spans, next)
		}
		all[name] = into
	}
	return all
}

func thriftTags(tags []tag) (into []*jaeger.Tag) {
	for _, one := range tags {
		next := &jaeger.Tag{Key: one.key}
		switch value := one.value.(type) {
		case string:
			next.VType, next.VStr = jaeger.TagType_STRING, &value
		case bool:
			next.VType, next.VBool = jaeger.TagType_BOOL, &value
		case int64:
			next.VType, next.VLong = jaeger.TagType_LONG, &value
		case float64:
			next.VType, next.VDouble = jaeger.TagType_DOUBLE, &value
		case []byte:
			next.VType, next.VBinary = jaeger.TagType_BINARY, value
		case unknown:
			next.VType = jaeger.TagType(value)
		}
		into = append(into, next)
	}
	return into
}

func thriftBatches() map[string]*jaeger.Batch {
	all := map[string]*jaeger.Batch{}
	for name, from := range cases() {
		if from.process == nil {
			continue // thrift demands one
		}
		into := &jaeger.Batch{Process: &jaeger.Process{ServiceName: from.process.service, Tags: thriftTags(from.process.tags)},
			Spans: []*jaeger.Span{}}
		for _, one := range from.spans {
			next := &jaeger.Span{TraceIdHigh: int64(one.high), TraceIdLow: int64(one.low), SpanId: int64(one.id),
				ParentSpanId: int64(one.parent), OperationName: one.name, Flags: int32(one.flags), StartTime: one.start,
				Duration: one.duration, Tags: thriftTags(one.tags)}
			for _, ref := range one.references {
				next.References = append(next.References, &jaeger.SpanRef{RefType: jaeger.SpanRefType(ref.kind),
					TraceIdHigh: int64(ref.high), TraceIdLow: int64(ref.low), SpanId: int64(ref.span)})
			}
			for _, line := range one.logs {
				fields := thriftTags(line.fields)
				if fields == nil {
					fields = []*jaeger.Tag{}
				}
				next.Logs = append(next.Logs, &jaeger.Log{Timestamp: line.at, Fields: fields})
			}
			into.Spans = append(into.Spans, next)
		}
		all[name] = into
	}
	return all
}
