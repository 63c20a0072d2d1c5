// Writes JSON answers: one line, members in the order of the calls. Commas are the writer's.
// Texts must be UTF-8. One thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_string.h"

namespace millrace::extensions::console {

class JsonWriter {
 public:
  std::string take() { return std::move(out_); }
  size_t size() const { return out_.size(); }

  JsonWriter& open_object() { return open('{'); }
  JsonWriter& close_object() { return close('}'); }
  JsonWriter& open_list() { return open('['); }
  JsonWriter& close_list() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
    needs_comma_ = false;
    return *this;
  }
  JsonWriter& text(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  JsonWriter& number(uint64_t value) { return raw(std::to_string(value)); }
  JsonWriter& signed_number(int64_t value) { return raw(std::to_string(value)); }
  // NaN and the infinities are null.
  JsonWriter& real(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  // `json` is a value.
  JsonWriter& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  JsonWriter& count(std::string_view name, uint64_t value) { return key(name).number(value); }
  JsonWriter& flag(std::string_view name, bool value) { return key(name).boolean(value); }
  // Nanoseconds as decimal digits in a string.
  JsonWriter& nanoseconds(std::string_view name, uint64_t value) {
    return key(name).text(std::to_string(value));
  }

 private:
  JsonWriter& open(char bracket) {
    comma();
    out_ += bracket;
    needs_comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    needs_comma_ = true;
    return *this;
  }
  void comma() {
    if (needs_comma_) out_ += ',';
    needs_comma_ = true;
  }

  std::string out_;
  bool needs_comma_ = false;
};

}  // namespace millrace::extensions::console
