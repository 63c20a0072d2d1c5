#include "metrics/registry.h"

#include <algorithm>
#include <limits>
#include <list>
#include <map>

#include "base/check.h"
#include "base/mutex.h"
#include "metrics/number_text.h"

namespace millrace::metrics {
namespace {

using Type = MetricType;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kGauge:
      return "gauge";
    case Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

void append_help(std::string& text, std::string_view help) {
  for (const char c : help) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

void append_label_value(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '"') {
      text += "\\\"";
    } else if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

// `a="1",b="2"`: the text of a label set also identifies it.
std::string labels_text(Labels labels) {
  std::sort(labels.begin(), labels.end());
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_label_value(text, value);
    text += '"';
  }
  return text;
}

void append_sample(std::string& text, std::string_view name, std::string_view suffix,
                   std::string_view labels, std::string_view last_label, double value) {
  text += name;
  text += suffix;
  if (!labels.empty() || !last_label.empty()) {
    text += '{';
    text += labels;
    if (!labels.empty() && !last_label.empty()) text += ',';
    text += last_label;
    text += '}';
  }
  text += ' ';
  append_number(text, value);
  text += '\n';
}

void append_header(std::string& text, std::string_view name, std::string_view help, Type type) {
  text += "# HELP ";
  text += name;
  text += ' ';
  append_help(text, help);
  text += "\n# TYPE ";
  text += name;
  text += ' ';
  text += type_name(type);
  text += '\n';
}

void append_histogram(std::string& text, std::string_view name, std::string_view labels,
                      const Histogram& histogram) {
  uint64_t cumulative = 0;
  const std::vector<double>& bounds = histogram.upper_bounds();
  for (size_t i = 0; i <= bounds.size(); ++i) {
    cumulative += histogram.bucket_count(i);
    std::string le = "le=\"";
    append_number(le, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity());
    le += '"';
    append_sample(text, name, "_bucket", labels, le, static_cast<double>(cumulative));
  }
  append_sample(text, name, "_sum", labels, "", histogram.sum());
  append_sample(text, name, "_count", labels, "", static_cast<double>(cumulative));
}

}  // namespace

Histogram::Histogram(std::vector<double> upper_bounds)
    : upper_bounds_(std::move(upper_bounds)),
      buckets_(std::make_unique<std::atomic<uint64_t>[]>(upper_bounds_.size() + 1)) {
  MILLRACE_CHECK(std::is_sorted(upper_bounds_.begin(), upper_bounds_.end()));
}

void Histogram::record(double value) {
  const auto bound = std::lower_bound(upper_bounds_.begin(), upper_bounds_.end(), value);
  const auto index = static_cast<size_t>(bound - upper_bounds_.begin());
  sum_.fetch_add(value, std::memory_order_relaxed);
  buckets_[index].fetch_add(1, std::memory_order_relaxed);
}

uint64_t Histogram::bucket_count(size_t index) const {
  return buckets_[index].load(std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (size_t i = 0; i <= upper_bounds_.size(); ++i) count += bucket_count(i);
  return count;
}

double Histogram::sum() const { return sum_.load(std::memory_order_relaxed); }

struct Registry::State {
  using Read = std::function<double()>;

  // One label set of a family. Only the member of the family's type is used; a counter may have
  // functions as well.
  struct Series {
    Labels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Histogram> histogram;
    std::list<Read> functions;  // a list, because handles keep iterators into it
    bool empty() const { return counter == nullptr && histogram == nullptr && functions.empty(); }
    // Of a counter or a gauge.
    double value() const {
      double sum = counter == nullptr ? 0 : static_cast<double>(counter->value());
      for (const Read& read : functions) sum += read();
      return sum;
    }
  };
  struct Family {
    Type type;
    std::string help;
    std::map<std::string, Series, std::less<>> series;  // the key is the text of the labels
  };

  Series& series(std::string_view name, std::string_view help, Type type, Labels labels)
      MILLRACE_REQUIRES(mutex) {
    auto family = families.find(name);
    if (family == families.end()) {
      family = families.emplace(std::string(name), Family{type, std::string(help), {}}).first;
    }
    MILLRACE_CHECK(family->second.type == type);
    Series& series = family->second.series[labels_text(labels)];
    if (series.empty()) series.labels = std::move(labels);
    return series;
  }

  static Handle add_function(const std::shared_ptr<State>& state, std::string_view name,
                             std::string_view help, Type type, Labels labels, Read read);
  void remove_function(const std::string& name, const std::string& labels,
                       std::list<Read>::iterator place);

  Mutex mutex;
  std::map<std::string, Family, std::less<>> families MILLRACE_GUARDED_BY(mutex);
};

Registry::Handle Registry::State::add_function(const std::shared_ptr<State>& state,
                                               std::string_view name, std::string_view help,
                                               Type type, Labels labels, Read read) {
  std::string key = labels_text(labels);
  std::list<Read>::iterator place;
  {
    const MutexLock lock(state->mutex);
    Series& series = state->series(name, help, type, std::move(labels));
    place = series.functions.insert(series.functions.end(), std::move(read));
  }
  // The handle has a deleter alone; its pointer must only differ from null.
  return Handle(state.get(), [weak = std::weak_ptr<State>(state), name = std::string(name),
                              key = std::move(key), place](void*) {
    if (const std::shared_ptr<State> alive = weak.lock()) alive->remove_function(name, key, place);
  });
}

void Registry::State::remove_function(const std::string& name, const std::string& labels,
                                      std::list<Read>::iterator place) {
  std::list<Read> removed;  // destroyed after the lock is released, since captures may lock others
  const MutexLock lock(mutex);
  const auto family = families.find(name);
  const auto series = family->second.series.find(labels);
  removed.splice(removed.end(), series->second.functions, place);
  if (series->second.empty()) family->second.series.erase(series);
  if (family->second.series.empty()) families.erase(family);
}

Registry::Registry() : state_(std::make_shared<State>()) {}
Registry::~Registry() = default;

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  const MutexLock lock(state_->mutex);
  State::Series& series = state_->series(name, help, Type::kCounter, std::move(labels));
  if (series.counter == nullptr) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, Labels labels,
                               std::vector<double> upper_bounds) {
  const MutexLock lock(state_->mutex);
  State::Series& series = state_->series(name, help, Type::kHistogram, std::move(labels));
  if (series.histogram == nullptr) {
    series.histogram = std::make_unique<Histogram>(std::move(upper_bounds));
  }
  return *series.histogram;
}

Registry::Handle Registry::gauge(std::string_view name, std::string_view help, Labels labels,
                                 std::function<double()> read) {
  return State::add_function(state_, name, help, Type::kGauge, std::move(labels), std::move(read));
}

Registry::Handle Registry::counter_function(std::string_view name, std::string_view help,
                                            Labels labels, std::function<double()> read) {
  return State::add_function(state_, name, help, Type::kCounter, std::move(labels),
                             std::move(read));
}

void Registry::set_resource(Labels labels) {
  const MutexLock lock(state_->mutex);
  state_->families.erase("target_info");
  State::Series& series =
      state_->series("target_info", "Target metadata", Type::kGauge, std::move(labels));
  series.functions.emplace_back([] { return 1.0; });
}

std::string Registry::to_prometheus_text(CounterNames counter_names) const {
  const MutexLock lock(state_->mutex);
  std::string text;
  for (const auto& [plain_name, family] : state_->families) {
    const bool has_suffix =
        counter_names == CounterNames::kWithTotal && family.type == Type::kCounter;
    const std::string name = has_suffix ? plain_name + "_total" : plain_name;
    append_header(text, name, family.help, family.type);
    for (const auto& [labels, series] : family.series) {
      if (series.histogram != nullptr) {
        append_histogram(text, name, labels, *series.histogram);
        continue;
      }
      append_sample(text, name, "", labels, "", series.value());
    }
  }
  return text;
}

std::vector<MetricValue> Registry::snapshot() const {
  const MutexLock lock(state_->mutex);
  std::vector<MetricValue> all;
  for (const auto& [name, family] : state_->families) {
    MetricValue metric{.name = name, .help = family.help, .type = family.type, .series = {}};
    for (const auto& [text, series] : family.series) {
      SeriesValue value{.labels = series.labels, .upper_bounds = {}, .bucket_counts = {}};
      if (series.histogram != nullptr) {
        value.upper_bounds = series.histogram->upper_bounds();
        for (size_t i = 0; i <= value.upper_bounds.size(); ++i) {
          value.bucket_counts.push_back(series.histogram->bucket_count(i));
        }
        value.sum = series.histogram->sum();
      } else {
        value.value = series.value();
        value.is_integer = series.counter != nullptr && series.functions.empty();
      }
      metric.series.push_back(std::move(value));
    }
    all.push_back(std::move(metric));
  }
  return all;
}

}  // namespace millrace::metrics
