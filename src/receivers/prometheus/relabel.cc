#include "receivers/prometheus/relabel.h"

#include <openssl/evp.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ottl/text_case.h"
#include "receivers/prometheus/template.h"
#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

using Outcome = RelabelRule::Outcome;

// The last 8 bytes of the MD5 as a number, most significant first.
uint64_t hash_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
  uint64_t number = 0;
  for (size_t i = 8; i < 16; ++i) number = number << 8 | digest[i];
  return number;
}

bool is_label_name(std::string_view name) { return !name.empty() && wire::is_utf8(name); }

}  // namespace

Result<RelabelRule> RelabelRule::make(RelabelOptions options) {
  RelabelRule rule(std::move(options));
  re2::RE2::Options how;
  how.set_log_errors(false);
  auto regex = std::make_shared<re2::RE2>("(?s:" + rule.options_.regex + ")", how);
  if (!regex->ok()) return fail(Code::kInvalidArgument, regex->error());
  rule.regex_ = std::move(regex);
  return rule;
}

bool RelabelRule::matches(std::string_view text) const {
  return regex_->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr,
                       0);
}

Outcome RelabelRule::replace(std::string_view value, LabelSet& labels) const {
  const Match match(*regex_, value);
  if (!match.found()) return Outcome::kKept;
  const auto target = match.expand(options_.target_label, kTextBytesMax);
  if (!target) return Outcome::kTooLong;
  if (!is_label_name(*target)) return Outcome::kKept;
  const auto text = match.expand(options_.replacement, kTextBytesMax);
  if (!text) return Outcome::kTooLong;
  labels.set(labels.keep(*target), labels.keep(*text));
  return Outcome::kKept;
}

Outcome RelabelRule::map_names(LabelSet& labels) const {
  const std::vector<Label> before = labels.all();
  for (const Label& label : before) {
    const Match match(*regex_, label.name);
    if (!match.found()) continue;
    const auto name = match.expand(options_.replacement, kTextBytesMax);
    if (!name) return Outcome::kTooLong;
    labels.set(labels.keep(*name), label.value);
  }
  return Outcome::kKept;
}

Outcome RelabelRule::apply(LabelSet& labels) const {
  std::string joined;
  for (const std::string& name : options_.source_labels) {
    if (&name != &options_.source_labels.front()) joined += options_.separator;
    joined += labels.get(name);
  }
  if (joined.size() > kTextBytesMax) return Outcome::kTooLong;
  const std::string& target = options_.target_label;
  const auto kept_if = [](bool keeps) { return keeps ? Outcome::kKept : Outcome::kDropped; };
  switch (options_.action) {
    case RelabelAction::kReplace:
      return replace(joined, labels);
    case RelabelAction::kKeep:
      return kept_if(matches(joined));
    case RelabelAction::kDrop:
      return kept_if(!matches(joined));
    case RelabelAction::kKeepEqual:
      return kept_if(labels.get(target) == joined);
    case RelabelAction::kDropEqual:
      return kept_if(labels.get(target) != joined);
    case RelabelAction::kHashMod:
      labels.set(target, labels.keep(std::to_string(hash_of(joined) % options_.modulus)));
      break;
    case RelabelAction::kLowercase:
      labels.set(target, labels.keep(ottl::to_lower_case(joined)));
      break;
    case RelabelAction::kUppercase:
      labels.set(target, labels.keep(ottl::to_upper_case(joined)));
      break;
    case RelabelAction::kLabelMap:
      return map_names(labels);
    case RelabelAction::kLabelDrop:
    case RelabelAction::kLabelKeep: {
      const std::vector<Label> before = labels.all();
      for (const Label& label : before) {
        if (matches(label.name) == (options_.action == RelabelAction::kLabelDrop)) {
          labels.remove(label.name);
        }
      }
      break;
    }
  }
  return Outcome::kKept;
}

Outcome relabel(std::span<const RelabelRule> rules, LabelSet& labels) {
  for (const RelabelRule& rule : rules) {
    if (const Outcome outcome = rule.apply(labels); outcome != Outcome::kKept) return outcome;
  }
  return Outcome::kKept;
}

}  // namespace millrace::receivers::prometheus
