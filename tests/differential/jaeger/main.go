// Records what otelcol's translator makes of Jaeger's batches, in the file that is given: a JSON list of cases, each
// with its name, the bodies that mean the same, and what they become as OTLP/JSON, or the word "error".
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	translator "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/jaeger"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// A body of each encoding: "protobuf" is a PostSpansRequest, "thrift" a Batch in the binary encoding, "compact" and
// "binary" a call of the agent's emitBatch.
type recorded struct {
	Name   string            `json:"name"`
	Bodies map[string][]byte `json:"bodies"`
	OTLP   json.RawMessage   `json:"otlp"`
}

func record(name string, bodies map[string][]byte) recorded {
	made := recorded{Name: name, Bodies: bodies}
	for encoding, body := range bodies {
		said := []byte(`"error"`)
		if traces, err := translate(encoding, body); err == nil {
			said, err = (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
			check(err)
		} else {
			fmt.Printf("%s %s: %v\n", name, encoding, err)
		}
		if made.OTLP != nil && !bytes.Equal(made.OTLP, said) {
			panic(name + ": the encodings differ")
		}
		made.OTLP = said
	}
	return made
}

func translate(encoding string, body []byte) (ptrace.Traces, error) {
	switch encoding {
	case "protobuf":
		return fromProtobuf(body)
	case "thrift":
		return fromThrift(body)
	case "compact":
		return fromPacket(compact, body)
	}
	return fromPacket(binary, body)
}

func fromProtobuf(body []byte) (ptrace.Traces, error) {
	request := &api_v2.PostSpansRequest{}
	if err := request.Unmarshal(body); err != nil {
		return ptrace.Traces{}, err
	}
	return translator.ProtoToTraces([]*model.Batch{&request.Batch})
}

// As the receiver reads a body over HTTP.
func fromThrift(body []byte) (ptrace.Traces, error) {
	transport := thrift.NewTMemoryBufferLen(len(body))
	protocol := thrift.NewTBinaryProtocolConf(transport, &thrift.TConfiguration{MaxMessageSize: int32(len(body))})
	batch := &jaeger.Batch{}
	reader := &thrift.TDeserializer{Transport: transport, Protocol: protocol}
	if err := reader.Read(context.Background(), batch, body); err != nil {
		return ptrace.Traces{}, err
	}
	return translator.ThriftToTraces(batch)
}

// The agent's side of one packet.
type packet struct {
	traces ptrace.Traces
}

func (*packet) EmitZipkinBatch(context.Context, []*zipkinSpan) error {
	return fmt.Errorf("not supported")
}

func (p *packet) EmitBatch(_ context.Context, batch *jaeger.Batch) (err error) {
	if batch != nil {
		p.traces, err = translator.ThriftToTraces(batch)
	}
	return err
}

func fromPacket(factory thrift.TProtocolFactory, body []byte) (ptrace.Traces, error) {
	into := &packet{traces: ptrace.NewTraces()}
	buffer := &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(append([]byte(nil), body...))}
	protocol := factory.GetProtocol(buffer)
	ok, failure := agent.NewAgentProcessor(into).Process(context.Background(), protocol, protocol)
	if failure != nil {
		return into.traces, failure
	}
	if !ok {
		return into.traces, fmt.Errorf("not processed")
	}
	return into.traces, nil
}

func call(factory thrift.TProtocolFactory, batch *jaeger.Batch) []byte {
	buffer := thrift.NewTMemoryBuffer()
	check(agent.NewAgentClientFactory(buffer, factory).EmitBatch(context.Background(), batch))
	return append([]byte(nil), buffer.Bytes()...)
}

var (
	compact = thrift.NewTCompactProtocolFactoryConf(nil)
	binary  = thrift.NewTBinaryProtocolFactoryConf(nil)
)

func main() {
	var all []recorded
	for name, batch := range protobufBatches() {
		body, err := (&api_v2.PostSpansRequest{Batch: *batch}).Marshal()
		check(err)
		all = append(all, record(name, map[string][]byte{"protobuf": body}))
	}
	for name, body := range rawProtobuf() {
		all = append(all, record(name, map[string][]byte{"protobuf": body}))
	}
	for name, batch := range thriftBatches() {
		serializer := thrift.NewTSerializer()
		serializer.Protocol = binary.GetProtocol(serializer.Transport)
		body, err := serializer.Write(context.Background(), batch)
		check(err)
		all = append(all, record(name, map[string][]byte{
			"thrift": bytes.Clone(body), "compact": call(compact, batch), "binary": call(binary, batch)}))
	}
	for name, body := range rawThrift() {
		all = append(all, record(name, map[string][]byte{strings.TrimPrefix(filepath.Ext(name), "."): body}))
	}
	slices.SortStableFunc(all, func(a, b recorded) int { return strings.Compare(a.Name, b.Name) })
	var text bytes.Buffer
	for i, one := range all {
		line, err := json.Marshal(one)
		check(err)
		fmt.Fprintf(&text, "%c%s\n", "[,"[min(i, 1)], line)
	}
	text.WriteString("]\n")
	check(os.WriteFile(os.Args[1], text.Bytes(), 0o644))
}
