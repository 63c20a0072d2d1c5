#include "otlp/example_requests.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>

#include "wire/writer.h"

namespace millrace::otlp {

namespace {

using wire::Writer;
using Content = std::function<void()>;

// Writes one nested message.
template <class Write>
void nest(Writer& w, uint32_t field, const Write& content) {
  const Writer::Nested nested = w.open(field, 128);
  content();
  w.close(nested);
}

void string_attribute(Writer& w, uint32_t field, std::string_view key, std::string_view value) {
  nest(w, field, [&] {
    w.string_field(1, key);
    nest(w, 2, [&] { w.string_field(1, value); });
  });
}

void int_attribute(Writer& w, uint32_t field, std::string_view key, uint64_t value) {
  nest(w, field, [&] {
    w.string_field(1, key);
    nest(w, 2, [&] { w.varint_field(3, value); });
  });
}

std::string number_bytes(uint64_t number, size_t size) {
  std::string bytes(size, '\x5a');
  for (size_t i = 0; i < 8; i++) bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  return bytes;
}

constexpr uint64_t kTime = 1'700'000'000'000'000'000;

void plain_resource(Writer& w, uint32_t index) {
  nest(w, 1, [&] {
    string_attribute(w, 1, "service.name", fmt::format("checkout-{}", index));
    string_attribute(w, 1, "service.version", "1.4.2");
    string_attribute(w, 1, "host.name", "ip-10-0-12-34");
  });
}

void plain_span(Writer& w, uint64_t number) {
  w.string_field(1, number_bytes(number / 8 + 1, 16));
  w.string_field(2, number_bytes(number, 8));
  w.string_field(4, number_bytes(number / 2 + 1, 8));
  w.string_field(5, "GET /api/cart");
  w.varint_field(6, 2);
  w.fixed64_field(7, kTime + number);
  w.fixed64_field(8, kTime + number + 1'500'000);
  string_attribute(w, 9, "http.request.method", "GET");
  string_attribute(w, 9, "url.path", "/api/cart/items");
  int_attribute(w, 9, "http.response.status_code", 200);
  string_attribute(w, 9, "server.address", "cart.internal");
  int_attribute(w, 9, "server.port", 8080);
  string_attribute(w, 9, "user_agent.original", "Mozilla/5.0 (X11)");
  string_attribute(w, 9, "network.protocol.version", "1.1");
  string_attribute(w, 9, "client.address", "10.1.2.3");
  int_attribute(w, 9, "thread.id", 42);
  string_attribute(w, 9, "app.session.id", "a1b2c3d4e5f6");
  nest(w, 15, [&] { w.varint_field(3, 1); });
  w.fixed32_field(16, 0x101);
}

void plain_log_record(Writer& w, uint64_t number) {
  w.fixed64_field(1, kTime + number);
  w.varint_field(2, 9);
  w.string_field(3, "INFO");
  nest(w, 5, [&] { w.string_field(1, fmt::format("order {} was accepted", number)); });
  string_attribute(w, 6, "logger.name", "com.example.Orders");
  string_attribute(w, 6, "thread.name", "worker-7");
  int_attribute(w, 6, "order.items", 3);
  w.fixed32_field(8, 1);
  w.string_field(9, number_bytes(number / 8 + 1, 16));
  w.string_field(10, number_bytes(number, 8));
  w.fixed64_field(11, kTime + number + 1000);
}

void plain_metric(Writer& w, uint64_t first_number, uint32_t points) {
  w.string_field(1, "system.cpu.time");
  w.string_field(2, "Seconds each CPU spent in each state");
  w.string_field(3, "s");
  nest(w, 5, [&] {
    for (uint32_t i = 0; i < points; i++) {
      nest(w, 1, [&] {
        w.fixed64_field(2, kTime);
        w.fixed64_field(3, kTime + 1);
        w.fixed64_field(6, first_number + i);
        string_attribute(w, 7, "cpu", fmt::format("cpu{}", i));
        string_attribute(w, 7, "state", "idle");
      });
    }
  });
}

void plain_items(Writer& w, Signal signal, const ExampleShape& shape, uint64_t* number) {
  for (uint32_t i = 0; i < shape.items; i++) {
    nest(w, 2, [&] {
      switch (signal) {
        case Signal::kTraces:
          return plain_span(w, (*number)++);
        case Signal::kLogs:
          return plain_log_record(w, (*number)++);
        case Signal::kMetrics:
          plain_metric(w, *number, shape.points);
          *number += shape.points;
          return;
        case Signal::kProfiles:
          return nest(w, 2, [&] { w.varint_field(1, (*number)++); });
      }
    });
  }
}

void unknown_fields(Writer& w) {
  w.varint_field(500, 7);
  w.string_field(501, std::string_view("not \xff text", 10));
  w.raw_varint(wire::make_tag(502, wire::WireType::kStartGroup));
  w.fixed32_field(1, 3);
  w.raw_varint(wire::make_tag(502, wire::WireType::kEndGroup));
}

// Writes every kind of AnyValue, including a nested one.
void every_attribute(Writer& w, uint32_t field) {
  string_attribute(w, field, "text", "caf\xc3\xa9");
  string_attribute(w, field, "long", std::string(300, 'x'));
  int_attribute(w, field, "negative", static_cast<uint64_t>(-5));
  const auto with_value = [&](std::string_view key, const Content& value) {
    nest(w, field, [&] {
      w.string_field(1, key);
      nest(w, 2, value);
    });
  };
  with_value("flag", [&] { w.varint_field(2, 1); });
  with_value("ratio", [&] { w.double_field(4, 0.25); });
  with_value("blob", [&] { w.string_field(7, std::string_view("\0\xff\x80", 3)); });
  with_value("empty", [] {});
  with_value("list", [&] {
    nest(w, 5, [&] {
      nest(w, 1, [&] { w.string_field(1, "a"); });
      nest(w, 1, [&] { w.varint_field(3, 2); });
    });
  });
  with_value("map", [&] {
    nest(w, 6, [&] { string_attribute(w, 1, "inner", "value"); });
    unknown_fields(w);
  });
  nest(w, field, [&] { w.varint_field(3, 0); });  // only key_strindex
}

void every_span(Writer& w) {
  plain_span(w, 77);
  w.string_field(3, "vendor=1");
  every_attribute(w, 9);
  w.varint_field(10, 1);
  nest(w, 11, [&] {
    w.fixed64_field(1, kTime);
    w.string_field(2, "exception");
    every_attribute(w, 3);
    w.varint_field(4, 2);
    unknown_fields(w);
  });
  w.varint_field(12, 3);
  nest(w, 13, [&] {
    w.string_field(1, number_bytes(9, 16));
    w.string_field(2, number_bytes(8, 8));
    w.string_field(3, "a=b");
    every_attribute(w, 4);
    w.varint_field(5, 1);
    w.fixed32_field(6, 1);
  });
  w.varint_field(14, 4);
  nest(w, 15, [&] {
    w.string_field(2, "broken");
    w.varint_field(3, 2);
  });
  unknown_fields(w);
}

void every_log_record(Writer& w) {
  plain_log_record(w, 78);
  nest(w, 5, [&] { nest(w, 6, [&] { string_attribute(w, 1, "inner", "body"); }); });
  every_attribute(w, 6);
  w.varint_field(7, 1);
  w.string_field(12, "session.start");
  unknown_fields(w);
}

void exemplar(Writer& w, uint32_t field) {
  nest(w, field, [&] {
    w.fixed64_field(2, kTime);
    w.double_field(3, 1.5);
    w.string_field(4, number_bytes(5, 8));
    w.string_field(5, number_bytes(6, 16));
    every_attribute(w, 7);
  });
  nest(w, field, [&] { w.fixed64_field(6, 12); });
}

void number_point(Writer& w) {
  nest(w, 1, [&] {
    w.fixed64_field(2, kTime);
    w.fixed64_field(3, kTime + 1);
    w.double_field(4, 2.5);
    exemplar(w, 5);
    every_attribute(w, 7);
    w.varint_field(8, 1);
    unknown_fields(w);
  });
}

void packed_fixed64(Writer& w, uint32_t field, uint32_t count) {
  nest(w, field, [&] {
    for (uint32_t i = 0; i < count; i++) w.raw_fixed64(i);
  });
}

void histogram_point(Writer& w) {
  nest(w, 1, [&] {
    w.fixed64_field(2, kTime);
    w.fixed64_field(3, kTime + 1);
    w.fixed64_field(4, 10);
    w.double_field(5, 100.5);
    packed_fixed64(w, 6, 4);
    w.fixed64_field(6, 9);  // one more element, unpacked
    packed_fixed64(w, 7, 3);
    exemplar(w, 8);
    every_attribute(w, 9);
    w.varint_field(10, 1);
    w.double_field(11, 0.5);
    w.double_field(12, 50);
  });
}

void exponential_point(Writer& w) {
  nest(w, 1, [&] {
    every_attribute(w, 1);
    w.fixed64_field(2, kTime);
    w.fixed64_field(3, kTime + 1);
    w.fixed64_field(4, 10);
    w.double_field(5, 100.5);
    w.sint_field(6, -3);
    w.fixed64_field(7, 2);
    for (const uint32_t side : {8, 9}) {
      nest(w, side, [&] {
        w.sint_field(1, -1);
        nest(w, 2, [&] {
          for (const uint64_t count : {1, 300, 0}) w.raw_varint(count);
        });
        w.varint_field(2, 4);  // one more element, unpacked
      });
    }
    w.varint_field(10, 1);
    exemplar(w, 11);
    w.double_field(12, 0.5);
    w.double_field(13, 50);
    w.double_field(14, 0.001);
  });
}

void summary_point(Writer& w) {
  nest(w, 1, [&] {
    w.fixed64_field(2, kTime);
    w.fixed64_field(3, kTime + 1);
    w.fixed64_field(4, 10);
    w.double_field(5, 100.5);
    nest(w, 6, [&] {
      w.double_field(1, 0.99);
      w.double_field(2, 7.5);
    });
    every_attribute(w, 7);
    w.varint_field(8, 1);
  });
}

void every_metric(Writer& w) {
  const auto metric = [&](uint32_t data_field, const Content& data) {
    nest(w, 2, [&] {
      w.string_field(1, fmt::format("metric.{}", data_field));
      w.string_field(2, "What it measures");
      w.string_field(3, "By");
      nest(w, data_field, data);
      every_attribute(w, 12);
      unknown_fields(w);
    });
  };
  metric(5, [&] {
    number_point(w);
    number_point(w);
  });
  metric(7, [&] {
    number_point(w);
    w.varint_field(2, 2);
    w.varint_field(3, 1);
  });
  metric(9, [&] {
    w.varint_field(2, 1);
    histogram_point(w);
  });
  metric(10, [&] {
    exponential_point(w);
    w.varint_field(2, 2);
  });
  metric(11, [&] { summary_point(w); });
}

void every_item(Writer& w, Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      nest(w, 2, [&] { every_span(w); });
      return nest(w, 2, [&] { plain_span(w, 78); });
    case Signal::kLogs:
      nest(w, 2, [&] { every_log_record(w); });
      return nest(w, 2, [&] { plain_log_record(w, 79); });
    case Signal::kMetrics:
      return every_metric(w);
    case Signal::kProfiles:
      return nest(w, 2, [&] {
        w.string_field(7, number_bytes(3, 16));
        for (uint32_t i = 0; i < 3; i++) nest(w, 2, [&] { w.varint_field(1, i); });
      });
  }
}

}  // namespace

Bytes example_request(Signal signal, ExampleShape shape, uint64_t first_number) {
  Writer w(4096);
  uint64_t number = first_number;
  for (uint32_t r = 0; r < shape.resources; r++) {
    nest(w, 1, [&] {
      plain_resource(w, r);
      for (uint32_t s = 0; s < shape.scopes; s++) {
        nest(w, 2, [&] {
          nest(w, 1, [&] {
            w.string_field(1, fmt::format("io.example.library-{}", s));
            w.string_field(2, "2.1.0");
          });
          plain_items(w, signal, shape, &number);
        });
      }
    });
  }
  return w.finish();
}

Bytes example_request_with_everything(Signal signal) {
  Writer w(4096);
  nest(w, 1, [&] {
    nest(w, 1, [&] {
      every_attribute(w, 1);
      w.varint_field(2, 3);
      nest(w, 3, [&] {
        w.string_field(1, "https://opentelemetry.io/schemas/1.26.0");
        w.string_field(2, "service");
        w.string_field(3, "service.name");
        w.string_field(4, "service.version");
      });
      unknown_fields(w);
    });
    nest(w, 2, [&] {
      nest(w, 1, [&] {
        w.string_field(1, "library");
        w.string_field(2, "1.0");
        every_attribute(w, 3);
        w.varint_field(4, 1);
      });
      every_item(w, signal);
      w.string_field(3, "https://opentelemetry.io/schemas/1.25.0");
      unknown_fields(w);
    });
    w.string_field(3, "https://opentelemetry.io/schemas/1.24.0");
    unknown_fields(w);
  });
  if (signal == Signal::kProfiles) {
    nest(w, 2, [&] {
      w.string_field(5, "");
      w.string_field(5, "main");
    });
  }
  unknown_fields(w);
  return w.finish();
}

}  // namespace millrace::otlp
