// Sends spans with the OpenTelemetry SDK for JavaScript and prints the id of each, one a line:
//   node send.mjs grpc|http|json none|gzip ENDPOINT COUNT
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';

const [protocol, coding, endpoint, count] = process.argv.slice(2);
const compression = coding === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE;
const exporters = {
  grpc: () => new GrpcExporter({ url: `http://${endpoint}`, compression }),
  http: () => new ProtoExporter({ url: `http://${endpoint}/v1/traces`, compression }),
  json: () => new JsonExporter({ url: `http://${endpoint}/v1/traces`, compression }),
};

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'e2e-javascript' }),
  spanProcessors: [
    new BatchSpanProcessor(exporters[protocol](), { maxQueueSize: 65536, maxExportBatchSize: 100 }),
  ],
});
const tracer = provider.getTracer('e2e', '1.0');
const ids = [];
const note = (span) => ids.push(span.spanContext().traceId + span.spanContext().spanId);

while (ids.length < Number(count)) {
  const parent = tracer.startSpan('parent', { attributes: { text: 'Жанна 東京', n: 7, r: 0.5 } });
  const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent));
  child.addEvent('happened', { list: ['a', 'b'] });
  child.end();
  parent.end();
  note(child);
  note(parent);
}
await provider.forceFlush();
await provider.shutdown();
console.log(ids.join('\n'));
