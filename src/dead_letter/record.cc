#include "dead_letter/record.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

// As in otlp/json: misuse of the parser is not checked at run time.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include "base/json_string.h"
#include "dead_letter/line.h"
#include "otlp/json/text_values.h"
#include "wire/utf8.h"

namespace millrace::dead_letter {
namespace {

using otlp::json::append_base64;
using simdjson::ondemand::array;
using simdjson::ondemand::value;

constexpr std::string_view kBegin = R"({"millrace_dead_letter":)";
constexpr std::string_view kVersionKey = "millrace_dead_letter";
constexpr size_t kHeaderBytesMax = 4096;
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

void append_text(std::string_view key, std::string_view text, size_t size_max, std::string* out) {
  *out += ",\"";
  *out += key;
  *out += "\":";
  append_json_string(*out, wire::to_utf8(text, size_max));
}

void append_number(std::string_view key, uint64_t number, std::string* out) {
  *out += ",\"";
  *out += key;
  *out += "\":" + std::to_string(number);
}

void append_metadata(const std::vector<MetadataEntry>& metadata, std::string* out) {
  std::string pairs;
  for (const MetadataEntry& entry : metadata) {
    if (may_be_secret(entry.name)) continue;
    pairs += pairs.empty() ? "[" : ",[";
    append_json_string(pairs, wire::to_utf8(entry.name, kHeaderBytesMax));
    pairs += ',';
    append_json_string(pairs, wire::to_utf8(entry.value, kHeaderBytesMax));
    pairs += ']';
  }
  if (!pairs.empty()) *out += ",\"metadata\":[" + pairs + "]";
}

// The parts of a line that have been read; the keys may be in any order.
struct Reading {
  Record record;
  std::optional<uint64_t> version;
  std::optional<Signal> signal;
  std::optional<uint64_t> size;
  std::optional<Bytes> request;
};

Error malformed(std::string what) { return {Code::kInvalidArgument, std::move(what)}; }

Status read_text(value& from, std::string_view key, std::string* into) {
  std::string_view text;
  if (from.get_string().get(text) != simdjson::SUCCESS) {
    return fail(malformed("\"" + std::string(key) + "\" is not a string"));
  }
  *into = text;
  return {};
}

Status read_number(value& from, std::string_view key, uint64_t* into) {
  if (from.get_uint64().get(*into) == simdjson::SUCCESS) return {};
  return fail(malformed("\"" + std::string(key) + "\" is not a number"));
}

Status read_texts(value& from, std::string_view key, std::vector<std::string>* into) {
  array list;
  if (from.get_array().get(list) != simdjson::SUCCESS) {
    return fail(malformed("\"" + std::string(key) + "\" is not a list"));
  }
  for (auto next : list) {
    if (next.error() != simdjson::SUCCESS) return fail(malformed("not JSON"));
    value one = next.value_unsafe();
    std::string text;
    if (Status read = read_text(one, key, &text); !read) return read;
    into->push_back(std::move(text));
  }
  return {};
}

Status read_metadata(value& from, std::vector<MetadataEntry>* into) {
  array pairs;
  if (from.get_array().get(pairs) != simdjson::SUCCESS) {
    return fail(malformed("\"metadata\" is not a list"));
  }
  for (auto next : pairs) {
    if (next.error() != simdjson::SUCCESS) return fail(malformed("not JSON"));
    value pair = next.value_unsafe();
    std::vector<std::string> two;
    if (Status read = read_texts(pair, "metadata", &two); !read) return read;
    if (two.size() != 2) return fail(malformed("\"metadata\" is not a list of pairs"));
    into->push_back({std::move(two[0]), std::move(two[1])});
  }
  return {};
}

Status read_request(value& from, std::optional<Bytes>* into) {
  std::string_view text;
  if (from.get_string().get(text) != simdjson::SUCCESS) {
    return fail(malformed("\"request\" is not a string"));
  }
  ChunkRef chunk = ChunkRef::adopt(allocate_chunk(otlp::json::base64_size_max(text.size())));
  size_t size = 0;
  if (!otlp::json::parse_base64(text, chunk->data(), &size)) {
    return fail(malformed("\"request\" is not base64"));
  }
  const uint8_t* const data = chunk->data();
  *into = Bytes(std::move(chunk), data, size);
  return {};
}

Status read_signal(value& from, std::optional<Signal>* into) {
  std::string name;
  if (Status read = read_text(from, "signal", &name); !read) return read;
  *into = parse_signal(name);
  if (*into) return {};
  return fail(malformed("\"signal\" is none of traces, metrics, logs, profiles"));
}

Status read_time(value& from, WallTime* into) {
  std::string text;
  if (Status read = read_text(from, "time", &text); !read) return read;
  const auto time = parse_time(text);
  if (!time) return fail(malformed("\"time\" is not like 2026-11-22T20:15:30.123Z"));
  *into = *time;
  return {};
}

Status read_code(value& from, Code* into) {
  std::string name;
  if (Status read = read_text(from, "code", &name); !read) return read;
  *into = parse_code(name);
  return {};
}

// Skips keys of later versions of format 1.
Status read_key(std::string_view key, value& from, Reading& into) {
  Record& record = into.record;
  if (key == kVersionKey) return read_number(from, key, &into.version.emplace());
  if (key == "time") return read_time(from, &record.time);
  if (key == "signal") return read_signal(from, &into.signal);
  if (key == "pipelines") {
    record.pipelines.clear();
    return read_texts(from, key, &record.pipelines);
  }
  if (key == "destination") return read_text(from, key, &record.destination);
  if (key == "reason") return read_text(from, key, &record.reason);
  if (key == "code") return read_code(from, &record.answer.code);
  if (key == "answer") return read_text(from, key, &record.answer.message);
  if (key == "items") return read_number(from, key, &record.item_count);
  if (key == "bytes") return read_number(from, key, &into.size.emplace());
  if (key == "metadata") {
    record.metadata.clear();
    return read_metadata(from, &record.metadata);
  }
  if (key == "request") return read_request(from, &into.request);
  return {};
}

Result<Record> finished(Reading reading) {
  if (!reading.version) return fail(malformed("not a dead letter: no \"millrace_dead_letter\""));
  if (*reading.version > kVersion) {
    return fail(Code::kUnimplemented, "a dead letter of version " +
                                          std::to_string(*reading.version) +
                                          ", this program reads up to " + std::to_string(kVersion));
  }
  if (!reading.signal) return fail(malformed("no \"signal\""));
  if (!reading.size) return fail(malformed("no \"bytes\""));
  if (!reading.request) return fail(malformed("no \"request\""));
  if (reading.request->size() != *reading.size) {
    return fail(malformed("\"request\" has " + std::to_string(reading.request->size()) +
                          " bytes, \"bytes\" says " + std::to_string(*reading.size)));
  }
  reading.record.signal = *reading.signal;
  reading.record.request = Rope(std::move(*reading.request));
  return std::move(reading.record);
}

}  // namespace

bool may_be_secret(std::string_view header) {
  constexpr std::array<std::string_view, 9> kParts = {
      "auth", "cookie", "token", "secret", "password", "key", "credential", "session", "signature"};
  return std::ranges::any_of(
      kParts, [header](std::string_view part) { return header.find(part) != header.npos; });
}

void append_line(const Record& record, std::string* out) {
  const Bytes request = record.request.to_bytes();
  out->reserve(out->size() + request.size() / 3 * 4 + record.answer.message.size() + 1024);
  *out += kBegin;
  *out += std::to_string(kVersion);
  append_text("time", time_text(record.time), kNoLimit, out);
  append_text("signal", signal_name(record.signal), kNoLimit, out);
  *out += ",\"pipelines\":[";
  for (size_t i = 0; i < record.pipelines.size(); ++i) {
    if (i != 0) *out += ',';
    append_json_string(*out, wire::to_utf8(record.pipelines[i], kNoLimit));
  }
  *out += ']';
  append_text("destination", record.destination, kNoLimit, out);
  append_text("reason", record.reason, kNoLimit, out);
  append_text("code", code_name(record.answer.code), kNoLimit, out);
  append_text("answer", record.answer.message, kAnswerBytesMax, out);
  append_number("items", record.item_count, out);
  append_number("bytes", request.size(), out);
  append_metadata(record.metadata, out);
  *out += ",\"request\":\"";
  append_base64(request.view(), out);
  *out += "\"}\n";
}

bool is_record_line(std::string_view line) { return line.starts_with(kBegin); }

struct Parser::State {
  simdjson::ondemand::parser parser;
};

Parser::Parser() : state_(std::make_unique<State>()) {}
Parser::~Parser() = default;

Result<Record> Parser::parse(const Bytes& line) {
  static_assert(simdjson::SIMDJSON_PADDING <= kChunkPadding);
  const simdjson::padded_string_view text(line.text().data(), line.size(),
                                          line.size() + kChunkPadding);
  simdjson::ondemand::document document;
  if (const auto error = state_->parser.iterate(text).get(document); error != simdjson::SUCCESS) {
    if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) {
      return fail(Code::kUnavailable, "no memory to read the line");
    }
    return fail(malformed(std::string("not JSON: ") + simdjson::error_message(error)));
  }
  simdjson::ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) {
    return fail(malformed("not a JSON object"));
  }
  Reading reading;
  for (auto next : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(next).get(field) != simdjson::SUCCESS ||
        field.unescaped_key().get(key) != simdjson::SUCCESS) {
      return fail(malformed("not JSON: cut off or damaged"));
    }
    if (Status read = read_key(key, field.value(), reading); !read) return fail(read.error());
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return fail(malformed("not JSON: something stands behind the record"));
  }
  return finished(std::move(reading));
}

}  // namespace millrace::dead_letter
