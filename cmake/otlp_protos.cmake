# otlp_proto_reference: OTLP's messages by protoc and libprotobuf, for tests and fuzz
# targets only; no installed part links it. Include as "opentelemetry/proto/…/x.pb.h". The
# descriptors are fetched while building, once for all build directories, and only when a target
# that uses the library is built.
include_guard(GLOBAL)
find_package(Protobuf REQUIRED)

set(descriptors ${CMAKE_SOURCE_DIR}/build/otlp_protos/descriptors.pb)
add_custom_command(OUTPUT ${descriptors}
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/fetch_otlp_protos.sh ${descriptors}
  COMMENT "Fetching OTLP's descriptors" VERBATIM)

set(generated_dir ${CMAKE_BINARY_DIR}/otlp_proto_reference)
file(MAKE_DIRECTORY ${generated_dir})
set(proto_files)
set(generated_sources)
set(generated_headers)
foreach(name
    common/v1/common resource/v1/resource trace/v1/trace metrics/v1/metrics logs/v1/logs
    profiles/v1development/profiles collector/trace/v1/trace_service
    collector/metrics/v1/metrics_service collector/logs/v1/logs_service
    collector/profiles/v1development/profiles_service)
  list(APPEND proto_files opentelemetry/proto/${name}.proto)
  list(APPEND generated_sources ${generated_dir}/opentelemetry/proto/${name}.pb.cc)
  list(APPEND generated_headers ${generated_dir}/opentelemetry/proto/${name}.pb.h)
endforeach()
add_custom_command(OUTPUT ${generated_sources} ${generated_headers}
  COMMAND protobuf::protoc --descriptor_set_in=${descriptors} --cpp_out=${generated_dir}
          ${proto_files}
  DEPENDS ${descriptors} VERBATIM)

add_library(otlp_proto_reference STATIC EXCLUDE_FROM_ALL ${generated_sources} ${generated_headers})
target_include_directories(otlp_proto_reference SYSTEM PUBLIC ${generated_dir})
# Third-party code: not sanitized, and not instrumented for fuzzing.
target_compile_options(otlp_proto_reference PRIVATE -w -O1 -g0 -fno-sanitize=all)
target_link_libraries(otlp_proto_reference PUBLIC protobuf::libprotobuf)
