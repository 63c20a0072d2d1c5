#include "millrace/metric_point_builder.h"

#include <memory>
#include <new>
#include <variant>
#include <vector>

#include "c_interface/builders.h"
#include "c_interface/handles.h"

using millrace::c_interface::Allowance;
using millrace::c_interface::as_text;
using millrace::c_interface::kBuilderItemBytesMax;
using millrace::c_interface::set_attribute;
using millrace::c_interface::with;
namespace v1 = millrace::v1;

namespace {

using v1::detail::Access;

// False: the structure or one of its fields is invalid; the builder is unchanged.
bool begin(const millrace_metric_point* from, v1::MetricPointBuilder& builder) {
  millrace_metric_point point;
  decltype(v1::MetricPoint::data) data;
  std::vector<v1::Exemplar> exemplars;
  Allowance allowance(kBuilderItemBytesMax);
  if (!millrace::c_interface::read_point_struct(from, point) ||
      !millrace::c_interface::read_data(point, data) ||
      !millrace::c_interface::read_exemplars(point, exemplars, allowance)) {
    return false;
  }
  const v1::Metric metric{.name = as_text(point.name),
                          .unit = as_text(point.unit),
                          .description = as_text(point.description)};
  std::visit([&](const auto& kind) { builder.reset(metric, kind, point.time_unix_nano); }, data);
  builder.set_start(point.start_time_unix_nano);
  if (point.flags != 0) builder.set_flags(point.flags);
  millrace::c_interface::write_attributes(Access::encoder(builder),
                                          Access::attribute_field(builder), point.attributes,
                                          point.attribute_count);
  for (const v1::Exemplar& exemplar : exemplars) {
    millrace::library::EncodeNotes notes;
    Access::add_exemplar(builder, exemplar, {}, notes);
  }
  if (allowance.is_exceeded()) Access::encoder(builder).remarks().failed = true;
  return true;
}

}  // namespace

extern "C" {

millrace_metric_point_builder* millrace_metric_point_builder_new(
    const millrace_metric_point* point) {
  try {
    auto builder = std::make_unique<millrace_metric_point_builder>();
    return begin(point, builder->builder) ? builder.release() : nullptr;
  } catch (...) {
    return nullptr;
  }
}
void millrace_metric_point_builder_free(millrace_metric_point_builder* builder) { delete builder; }
millrace_code millrace_metric_point_builder_reset(millrace_metric_point_builder* builder,
                                                  const millrace_metric_point* point) {
  if (builder == nullptr) return MILLRACE_INVALID_ARGUMENT;
  return millrace::c_interface::guarded(
      [&] { return begin(point, builder->builder) ? MILLRACE_OK : MILLRACE_INVALID_ARGUMENT; });
}

void millrace_metric_point_builder_add_exemplar(millrace_metric_point_builder* builder,
                                                const millrace_exemplar* exemplar) {
  if (exemplar == nullptr) return;
  with(builder, [=](v1::MetricPointBuilder& point) {
    v1::Exemplar value;
    Allowance allowance(kBuilderItemBytesMax);
    if (!millrace::c_interface::read_exemplar(*exemplar, value, allowance)) return;
    if (allowance.is_exceeded()) Access::encoder(point).remarks().failed = true;
    millrace::library::EncodeNotes notes;
    Access::add_exemplar(point, value, {}, notes);
  });
}

void millrace_metric_point_builder_set_text(millrace_metric_point_builder* builder, const char* key,
                                            const char* text) {
  set_attribute(builder, key, as_text(text));
}
void millrace_metric_point_builder_set_bool(millrace_metric_point_builder* builder, const char* key,
                                            int yes) {
  set_attribute(builder, key, yes != 0);
}
void millrace_metric_point_builder_set_integer(millrace_metric_point_builder* builder,
                                               const char* key, int64_t integer) {
  set_attribute(builder, key, integer);
}
void millrace_metric_point_builder_set_double(millrace_metric_point_builder* builder,
                                              const char* key, double number) {
  set_attribute(builder, key, number);
}
void millrace_metric_point_builder_set_value(millrace_metric_point_builder* builder,
                                             const char* key, const millrace_value* value) {
  millrace::c_interface::set_value(builder, key, value);
}

}  // extern "C"
