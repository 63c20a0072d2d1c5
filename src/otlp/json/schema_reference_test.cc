// The tables against the descriptors of opentelemetry-proto.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/profiles/v1development/profiles_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>
#include "otlp/json/schema.h"

namespace millrace::otlp::json {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
namespace collector = opentelemetry::proto::collector;

std::set<Kind> kinds_of(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_STRING:
      return {Kind::kString};
    case FieldDescriptor::TYPE_BYTES:
      return {Kind::kBase64, Kind::kHex16, Kind::kHex8};
    case FieldDescriptor::TYPE_BOOL:
      return {Kind::kBool};
    case FieldDescriptor::TYPE_INT32:
      return {Kind::kInt32};
    case FieldDescriptor::TYPE_INT64:
      return {Kind::kInt64};
    case FieldDescriptor::TYPE_UINT32:
      return {Kind::kUint32};
    case FieldDescriptor::TYPE_UINT64:
      return {Kind::kUint64};
    case FieldDescriptor::TYPE_SINT32:
      return {Kind::kSint32};
    case FieldDescriptor::TYPE_FIXED32:
      return {Kind::kFixed32};
    case FieldDescriptor::TYPE_FIXED64:
      return {Kind::kFixed64};
    case FieldDescriptor::TYPE_SFIXED64:
      return {Kind::kSfixed64};
    case FieldDescriptor::TYPE_DOUBLE:
      return {Kind::kDouble};
    case FieldDescriptor::TYPE_ENUM:
      return {Kind::kEnum};
    case FieldDescriptor::TYPE_MESSAGE:
      return {Kind::kMessage};
    default:
      return {};
  }
}

Presence presence_of(const FieldDescriptor& field) {
  if (field.is_repeated()) return Presence::kRepeated;
  if (field.real_containing_oneof() != nullptr) return Presence::kOneof;
  return field.has_presence() ? Presence::kExplicit : Presence::kImplicit;
}

void compare(MessageId id, const Descriptor& expected, std::set<MessageId>& seen) {
  if (!seen.insert(id).second) return;
  const Message& table = message(id);
  EXPECT_EQ(table.name, std::string_view(expected.name()));
  EXPECT_EQ(table.fields.size(), static_cast<size_t>(expected.field_count())) << table.name;
  for (int i = 0; i < expected.field_count(); ++i) {
    const FieldDescriptor& field = *expected.field(i);
    const Field* const found = table.find(static_cast<uint32_t>(field.number()));
    ASSERT_NE(found, nullptr) << field.full_name();
    EXPECT_EQ(found->name, std::string_view(field.json_name())) << field.full_name();
    EXPECT_TRUE(kinds_of(field.type()).contains(found->kind)) << field.full_name();
    EXPECT_EQ(found->presence, presence_of(field)) << field.full_name();
    if (field.message_type() != nullptr) compare(found->message, *field.message_type(), seen);
  }
}

TEST(SchemaReferenceTest, EveryMessageHasTheFieldsOfItsDescriptor) {
  std::set<MessageId> seen = {MessageId::kStatus};  // google.rpc.Status, without details
  const std::pair<MessageId, const Descriptor*> kRoots[] = {
      {MessageId::kTracesRequest, collector::trace::v1::ExportTraceServiceRequest::descriptor()},
      {MessageId::kTracesResponse, collector::trace::v1::ExportTraceServiceResponse::descriptor()},
      {MessageId::kMetricsRequest,
       collector::metrics::v1::ExportMetricsServiceRequest::descriptor()},
      {MessageId::kMetricsResponse,
       collector::metrics::v1::ExportMetricsServiceResponse::descriptor()},
      {MessageId::kLogsRequest, collector::logs::v1::ExportLogsServiceRequest::descriptor()},
      {MessageId::kLogsResponse, collector::logs::v1::ExportLogsServiceResponse::descriptor()},
      {MessageId::kProfilesRequest,
       collector::profiles::v1development::ExportProfilesServiceRequest::descriptor()},
      {MessageId::kProfilesResponse,
       collector::profiles::v1development::ExportProfilesServiceResponse::descriptor()},
  };
  for (const auto& [id, descriptor] : kRoots) compare(id, *descriptor, seen);
  EXPECT_EQ(seen.size(), kMessageCount);
}

}  // namespace
}  // namespace millrace::otlp::json
