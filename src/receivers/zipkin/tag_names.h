// Tags with a meaning of their own in otelcol's mapping of Zipkin.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace millrace::receivers::zipkin {

inline constexpr std::string_view kServiceName = "service.name";
// Names the resource's attribute that holds the local service name, instead of service.name.
inline constexpr std::string_view kServiceNameSource = "otlp.service.name.source";
inline constexpr std::string_view kScopeName = "otel.scope.name";
inline constexpr std::string_view kScopeVersion = "otel.scope.version";
inline constexpr std::string_view kLibraryName = "otel.library.name";  // older names of the two
inline constexpr std::string_view kLibraryVersion = "otel.library.version";
inline constexpr std::string_view kTraceState = "w3c.tracestate";
inline constexpr std::string_view kSpanKind = "span.kind";
inline constexpr std::string_view kStatusCode = "otel.status_code";
inline constexpr std::string_view kStatusDescription = "otel.status_description";
inline constexpr std::string_view kError = "error";
inline constexpr std::string_view kLinkPrefix = "otlp.link.";
inline constexpr std::string_view kStartTimeAbsent = "otel.zipkin.absentField.startTime";

// Names that became others in the semantic conventions.
inline constexpr std::string_view kFaasId = "faas.id";
inline constexpr std::string_view kCloudResourceId = "cloud.resource_id";
inline constexpr std::string_view kHttpStatusCode = "http.status_code";
inline constexpr std::string_view kHttpResponseStatusCode = "http.response.status_code";

// Tags that describe the resource or the scope and never become attributes of a span; sorted.
inline constexpr std::array kNotOfSpans = std::to_array<std::string_view>({
    "aws.ecs.cluster.arn",
    "aws.ecs.container.arn",
    "aws.ecs.launchtype",
    "aws.ecs.task.arn",
    "aws.ecs.task.family",
    "aws.ecs.task.revision",
    "aws.eks.cluster.arn",
    "aws.log.group.arns",
    "aws.log.group.names",
    "aws.log.stream.arns",
    "aws.log.stream.names",
    "cloud.account.id",
    "cloud.availability_zone",
    "cloud.platform",
    "cloud.provider",
    "cloud.region",
    "cloud.resource_id",
    "container.id",
    "container.image.name",
    "container.image.tag",
    "container.name",
    "container.runtime",
    "deployment.environment",
    "device.id",
    "device.manufacturer",
    "device.model.identifier",
    "device.model.name",
    "faas.id",
    "faas.instance",
    "faas.max_memory",
    "faas.name",
    "faas.version",
    "host.arch",
    "host.id",
    "host.image.id",
    "host.image.name",
    "host.image.version",
    "host.name",
    "host.type",
    "k8s.cluster.name",
    "k8s.container.name",
    "k8s.container.restart_count",
    "k8s.cronjob.name",
    "k8s.cronjob.uid",
    "k8s.daemonset.name",
    "k8s.daemonset.uid",
    "k8s.deployment.name",
    "k8s.deployment.uid",
    "k8s.job.name",
    "k8s.job.uid",
    "k8s.namespace.name",
    "k8s.node.name",
    "k8s.node.uid",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.replicaset.name",
    "k8s.replicaset.uid",
    "k8s.statefulset.name",
    "k8s.statefulset.uid",
    "opencensus.exporterversion",
    "opencensus.resourcetype",
    "opencensus.starttime",
    "os.description",
    "os.name",
    "os.type",
    "os.version",
    "otel.library.name",
    "otel.library.version",
    "otel.scope.name",
    "otel.scope.version",
    "otlp.service.name.source",
    "process.command",
    "process.command_args",
    "process.command_line",
    "process.executable.name",
    "process.executable.path",
    "process.owner",
    "process.pid",
    "process.runtime.description",
    "process.runtime.name",
    "process.runtime.version",
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.version",
    "telemetry.auto.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "webengine.description",
    "webengine.name",
    "webengine.version",
});
static_assert(std::ranges::is_sorted(kNotOfSpans));

inline bool is_of_span(std::string_view key) {
  return !std::ranges::binary_search(kNotOfSpans, key);
}
// Only of those that are not of spans.
inline bool is_of_resource(std::string_view key) {
  return key != kServiceNameSource && key != kScopeName && key != kScopeVersion &&
         key != kLibraryName && key != kLibraryVersion;
}

}  // namespace millrace::receivers::zipkin
