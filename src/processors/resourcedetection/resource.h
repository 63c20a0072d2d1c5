// A resource as detectors find it: attributes in the order in which they were set, each key once.
//
// Texts come from outside (the environment, files, servers): they are made UTF-8 and cut to
// kTextBytesMax, and a resource has at most kAttributesMax attributes; the rest is left out.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::processors::resourcedetection {

inline constexpr size_t kTextBytesMax = 4096;
inline constexpr size_t kAttributesMax = 256;

struct Attribute {
  std::string key;
  std::string any_value;  // the content of an AnyValue
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

struct Resource {
  std::vector<Attribute> attributes;
  std::string schema_url;

  bool empty() const { return attributes.empty() && schema_url.empty(); }
  const Attribute* find(std::string_view key) const;
  // Replaces the attribute with that key, or appends one.
  void set_text(std::string_view key, std::string_view text);
  void set_number(std::string_view key, int64_t number);
  void set_texts(std::string_view key, const std::vector<std::string>& texts);
  // Takes over what is missing here.
  void fill_gaps(const Resource& from);
  // "host.name=a os.type=linux", for the log.
  std::string to_text() const;
  friend bool operator==(const Resource&, const Resource&) = default;

 private:
  void set(std::string_view key, std::string any_value);
};

// Sets only attributes that are wanted; `wanted` must outlive it.
class ResourceBuilder {
 public:
  explicit ResourceBuilder(const std::set<std::string, std::less<>>& wanted) : wanted_(wanted) {}
  bool wants(std::string_view key) const { return wanted_.contains(key); }
  void text(std::string_view key, std::string_view text);
  void text_if_any(std::string_view key, std::string_view text);
  void number(std::string_view key, int64_t number);
  void texts(std::string_view key, const std::vector<std::string>& texts);
  // An attribute that is configured by a pattern and not by its name.
  void matched_text(std::string_view key, std::string_view text) { made_.set_text(key, text); }
  // The resource, with the schema of the semantic conventions that its names are from.
  Resource finish();

 private:
  const std::set<std::string, std::less<>>& wanted_;
  Resource made_;
};

}  // namespace millrace::processors::resourcedetection
