#include "tests/sim/hostile_speech.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace millrace::sim_test {
namespace {

// The frames of one round are written together, so that a flood is not cut into tiny pieces.
constexpr uint32_t kPerRound = 16;

// --- HTTP/2 frames (RFC 9113, section 4) ---------------------------------------------------------

enum Frame : uint8_t {
  kData = 0,
  kHeaders = 1,
  kResetStream = 3,
  kSettings = 4,
  kPing = 6,
  kContinuation = 9
};
constexpr uint8_t kNoFlags = 0;
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;
constexpr uint32_t kFirstStream = 1;

std::string frame(Frame type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string bytes;
  const auto put = [&bytes](uint64_t value, int octets) {
    for (int at = octets - 1; at >= 0; --at) bytes.push_back(static_cast<char>(value >> (8 * at)));
  };
  put(payload.size(), 3);
  put(type, 1);
  put(flags, 1);
  put(stream, 4);
  bytes.append(payload);
  return bytes;
}

// A field that enters no table (RFC 7541, section 6.2.2); name and value are below 127 bytes each.
std::string field(std::string_view name, std::string_view value) {
  std::string bytes(1, '\0');
  bytes.push_back(static_cast<char>(name.size()));
  bytes.append(name);
  bytes.push_back(static_cast<char>(value.size()));
  bytes.append(value);
  return bytes;
}

std::string fields(std::initializer_list<std::pair<std::string_view, std::string_view>> list) {
  std::string bytes;
  for (const auto& [name, value] : list) bytes += field(name, value);
  return bytes;
}

constexpr std::string_view kGrpcPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

std::string get_head() {
  return fields(
      {{":method", "GET"}, {":scheme", "http"}, {":path", "/nowhere"}, {":authority", "x"}});
}

std::string grpc_head() {
  return fields({{":method", "POST"},
                 {":scheme", "http"},
                 {":path", kGrpcPath},
                 {":authority", "x"},
                 {"content-type", "application/grpc"},
                 {"te", "trailers"}});
}

std::string preface() {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, kNoFlags, 0, {});
}

// Concatenates `make` for each of the next streams that a client opens.
template <class Make>
std::string for_streams(uint32_t round, const Make& make) {
  std::string bytes;
  for (uint32_t at = 0; at < kPerRound; ++at) bytes += make(2 * (round * kPerRound + at) + 1);
  return bytes;
}

std::string repeated(const std::string& piece) {
  std::string bytes;
  for (uint32_t at = 0; at < kPerRound; ++at) bytes += piece;
  return bytes;
}

std::string more_fields(uint32_t round) {
  std::string block;
  for (uint32_t at = 0; at < kPerRound; ++at) {
    block += field(fmt::format("x-{}-{}", round, at), std::string(100, 'a'));
  }
  return block;
}

std::string http2_not_found(uint32_t round) {
  return for_streams(round, [](uint32_t stream) {
    return frame(kHeaders, kEndStream | kEndHeaders, stream, get_head());
  });
}

std::string http2_empty_calls(uint32_t round) {
  return for_streams(round, [](uint32_t stream) {
    return frame(kHeaders, kEndHeaders, stream, grpc_head()) +
           frame(kData, kEndStream, stream, std::string(5, '\0'));
  });
}

std::string http2_bad_calls(uint32_t round) {
  return for_streams(round, [](uint32_t stream) {
    return frame(kHeaders, kEndHeaders, stream, grpc_head()) +
           frame(kData, kEndStream, stream, std::string("\0\0\0\0\3\x0a\x7f\1", 8));
  });
}

std::string http2_pings(uint32_t) { return repeated(frame(kPing, kNoFlags, 0, "pingping")); }

std::string http2_settings(uint32_t) { return repeated(frame(kSettings, kNoFlags, 0, {})); }

std::string http2_resets(uint32_t round) {
  return for_streams(round, [](uint32_t stream) {
    return frame(kHeaders, kEndHeaders, stream, grpc_head()) +
           frame(kResetStream, kNoFlags, stream, std::string("\0\0\0\x08", 4));
  });
}

// Announces messages of 200,000 bytes and sends one byte of each.
std::string http2_announcements(uint32_t round) {
  return for_streams(round, [](uint32_t stream) {
    return frame(kHeaders, kEndHeaders, stream, grpc_head()) +
           frame(kData, kNoFlags, stream, std::string("\0\0\3\x0d\x40\x0a", 6));
  });
}

std::string http2_begin_head() {
  return preface() + frame(kHeaders, kNoFlags, kFirstStream, grpc_head());
}

std::string more_head(uint32_t round) {
  return frame(kContinuation, kNoFlags, kFirstStream, more_fields(round));
}

// The first block puts a large field into the table; each later block refers to it 1,000 times.
std::string http2_header_bomb(uint32_t round) {
  const uint32_t stream = 2 * round + 1;
  if (round == 0) {
    std::string block = get_head() +
                        "\x40\x01"
                        "b";
    block += "\x7f\xa1\x1e";  // 127 + 3,873 bytes
    block += std::string(4'000, 'b');
    return frame(kHeaders, kEndStream | kEndHeaders, stream, block);
  }
  return frame(kHeaders, kEndStream | kEndHeaders, stream, get_head() + std::string(1'000, '\xbe'));
}

// --- HTTP/1.1 ------------------------------------------------------------------------------------

std::string http1_not_found(uint32_t) {
  return repeated("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
}

std::string http1_empty_posts(uint32_t) {
  return repeated(
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
      "Content-Length: 0\r\n\r\n");
}

std::string post_head(std::string_view how) {
  return fmt::format(
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n{}", how);
}
std::string half_head() { return post_head(""); }
std::string half_body() { return post_head("Content-Length: 200000\r\n\r\n\x0a"); }
std::string chunked() { return post_head("Transfer-Encoding: chunked\r\n\r\n"); }
std::string chunked_to_trailers() { return chunked() + "0\r\n"; }
std::string chunked_to_extension() { return chunked() + "1;a="; }
std::string chunk_head() { return chunked() + "1"; }
std::string one_letter() { return "P"; }

// Spans of no bytes: two bytes each in protobuf, three in JSON. The end of each message is wrong,
// so that it is refused after its walk.
std::string empty_spans() {
  constexpr size_t kSpans = 1'000'000;
  const auto wrap = [](std::string content) {
    std::string message = "\x0a";
    for (size_t left = content.size();; left >>= 7) {
      message.push_back(static_cast<char>(left < 128 ? left : (left & 127) | 128));
      if (left < 128) break;
    }
    return message + std::move(content);
  };
  std::string scope = "\x12";  // ScopeSpans, the content of the second wrap()
  std::string spans;
  for (size_t at = 0; at < kSpans; ++at) spans += std::string_view("\x12\0", 2);
  spans += '\x0f';  // a wire type that does not exist
  scope += wrap(std::move(spans)).substr(1);
  const std::string body = wrap(std::move(scope));
  return post_head(fmt::format("Content-Length: {}\r\n\r\n", body.size())) + body;
}
std::string empty_objects() {
  constexpr size_t kObjects = 200'000;
  std::string body = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{})";
  for (size_t at = 1; at < kObjects; ++at) body += ",{}";
  body += "]}]},0]}";
  return fmt::format(
             "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: {}\r\n\r\n",
             body.size()) +
         body;
}

std::string field_lines(uint32_t round) {
  std::string lines;
  for (uint32_t at = 0; at < kPerRound; ++at) {
    lines += fmt::format("x-{}-{}: {}\r\n", round, at, std::string(100, 'a'));
  }
  return lines;
}
std::string field_bytes(uint32_t) { return repeated(std::string(7, '\n')); }
std::string small_chunks(uint32_t) { return repeated("1;a=b\r\n\x0a\r\n"); }
std::string letters(uint32_t) { return std::string(1'000, 'a'); }
std::string zeros(uint32_t) { return std::string(1'000, '0'); }

constexpr std::array kClientSpeeches = {
    Speech{.name = "http2_not_found", .opening = preface, .again = http2_not_found},
    Speech{.name = "http2_empty_calls", .opening = preface, .again = http2_empty_calls},
    Speech{.name = "http2_bad_calls", .opening = preface, .again = http2_bad_calls},
    Speech{.name = "http2_pings", .opening = preface, .again = http2_pings},
    Speech{.name = "http2_settings", .opening = preface, .again = http2_settings},
    Speech{.name = "http2_resets", .opening = preface, .again = http2_resets},
    Speech{.name = "http2_announcements", .opening = preface, .again = http2_announcements},
    Speech{.name = "http2_endless_head", .opening = http2_begin_head, .again = more_head},
    Speech{.name = "http2_header_bomb", .opening = preface, .again = http2_header_bomb},
    Speech{.name = "http1_not_found", .again = http1_not_found},
    Speech{.name = "http1_empty_posts", .again = http1_empty_posts},
    Speech{.name = "http1_endless_head", .opening = half_head, .again = field_lines},
    Speech{.name = "http1_empty_lines", .again = field_bytes},
    Speech{.name = "http1_half_body", .opening = half_body},
    Speech{.name = "http1_endless_chunks", .opening = chunked, .again = small_chunks},
    Speech{.name = "http1_endless_extension", .opening = chunked_to_extension, .again = letters},
    Speech{.name = "http1_endless_chunk_size", .opening = chunk_head, .again = zeros},
    Speech{.name = "http1_endless_trailers", .opening = chunked_to_trailers, .again = field_lines},
    Speech{.name = "http1_million_empty_spans", .opening = empty_spans},
    Speech{.name = "http1_many_empty_objects", .opening = empty_objects},
    Speech{.name = "says_one_letter", .opening = one_letter},
};

// --- Back ends -----------------------------------------------------------------------------------

std::string answer_head() { return "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"; }
std::string chunked_answer() { return answer_head() + "Transfer-Encoding: chunked\r\n\r\n"; }
std::string answer_to_extension() { return chunked_answer() + "1;a="; }
std::string answer_to_trailers() { return chunked_answer() + "0\r\n"; }
std::string interim(uint32_t) { return repeated("HTTP/1.1 100 Continue\r\n\r\n"); }
std::string large_chunks(uint32_t) { return "3e8\r\n" + std::string(1'000, 'a') + "\r\n"; }
std::string whole_answers(uint32_t) {
  return repeated("HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n");
}

constexpr size_t kBehindHttp1Request = 1;
constexpr std::array kHttp1BackEndSpeeches = {
    Speech{.name = "http1_never_answers"},
    Speech{.name = "http1_endless_head",
           .listens_bytes = kBehindHttp1Request,
           .opening = answer_head,
           .again = field_lines},
    Speech{.name = "http1_endless_body",
           .listens_bytes = kBehindHttp1Request,
           .opening = chunked_answer,
           .again = large_chunks},
    Speech{.name = "http1_endless_extension",
           .listens_bytes = kBehindHttp1Request,
           .opening = answer_to_extension,
           .again = letters},
    Speech{.name = "http1_endless_trailers",
           .listens_bytes = kBehindHttp1Request,
           .opening = answer_to_trailers,
           .again = field_lines},
    Speech{.name = "http1_endless_interim", .listens_bytes = kBehindHttp1Request, .again = interim},
    Speech{.name = "http1_answers_for_nothing",
           .listens_bytes = kBehindHttp1Request,
           .again = whole_answers},
};

std::string server_preface() { return frame(kSettings, kNoFlags, 0, {}); }
std::string grpc_answer_head(uint8_t flags) {
  return frame(kHeaders, flags, kFirstStream,
               fields({{":status", "200"}, {"content-type", "application/grpc"}}));
}
std::string begin_answer() { return server_preface() + grpc_answer_head(kEndHeaders); }
std::string begin_answer_head() { return server_preface() + grpc_answer_head(kNoFlags); }
std::string begin_trailers() {
  return begin_answer() +
         frame(kHeaders, kEndStream, kFirstStream, fields({{"grpc-status", "14"}}));
}
std::string more_answer(uint32_t round) {
  // Begins a message of 4 GiB less one byte.
  std::string data = round == 0 ? std::string("\0\xff\xff\xff\xff", 5) : std::string();
  return frame(kData, kNoFlags, kFirstStream, data + std::string(1'000, 'a'));
}
std::string empty_data(uint32_t) { return repeated(frame(kData, kNoFlags, kFirstStream, {})); }
std::string interim_heads(uint32_t) {
  return repeated(frame(kHeaders, kEndHeaders, kFirstStream, fields({{":status", "103"}})));
}

// After the preface, settings and window of a client, in the middle of its first request.
constexpr size_t kBehindHttp2Request = 120;
constexpr std::array kHttp2BackEndSpeeches = {
    Speech{.name = "http2_never_answers", .opening = server_preface},
    Speech{.name = "http2_endless_head",
           .listens_bytes = kBehindHttp2Request,
           .opening = begin_answer_head,
           .again = more_head},
    Speech{.name = "http2_endless_body",
           .listens_bytes = kBehindHttp2Request,
           .opening = begin_answer,
           .again = more_answer},
    Speech{.name = "http2_empty_data",
           .listens_bytes = kBehindHttp2Request,
           .opening = begin_answer,
           .again = empty_data},
    Speech{.name = "http2_endless_trailers",
           .listens_bytes = kBehindHttp2Request,
           .opening = begin_trailers,
           .again = more_head},
    Speech{.name = "http2_endless_interim",
           .listens_bytes = kBehindHttp2Request,
           .opening = server_preface,
           .again = interim_heads},
    Speech{.name = "http2_pings", .opening = server_preface, .again = http2_pings},
    Speech{.name = "http2_settings", .opening = server_preface, .again = http2_settings},
};

}  // namespace

std::span<const Speech> client_speeches() { return kClientSpeeches; }
std::span<const Speech> http1_back_end_speeches() { return kHttp1BackEndSpeeches; }
std::span<const Speech> http2_back_end_speeches() { return kHttp2BackEndSpeeches; }

}  // namespace millrace::sim_test
