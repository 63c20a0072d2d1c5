#include "otlp/edit.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/example_requests.h"

namespace millrace::otlp {
namespace {

constexpr Signal kEdited[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};

struct EditTest : ::testing::Test {
  using Edit = decltype(&otlp::edit_item_attributes);
  Rope run(Edit edit, Signal signal, const Rope& request, const AttributeEditor& editor) {
    Result<Rope> edited = edit(signal, request, editor, own.work);
    EXPECT_TRUE(edited) << edited.error().message;
    return std::move(*edited);
  }
  Rope edit_resource_attributes(Signal signal, const Rope& request, const AttributeEditor& editor) {
    return run(&otlp::edit_resource_attributes, signal, request, editor);
  }
  Rope edit_scope_attributes(Signal signal, const Rope& request, const AttributeEditor& editor) {
    return run(&otlp::edit_scope_attributes, signal, request, editor);
  }
  Rope edit_item_attributes(Signal signal, const Rope& request, const AttributeEditor& editor) {
    return run(&otlp::edit_item_attributes, signal, request, editor);
  }
  testing::TestWork own;
};

void expect_valid(Signal signal, const Rope& request, uint32_t item_count) {
  const Bytes bytes = Bytes::copy_of(request.to_bytes().view());
  const auto admitted = admit(signal, bytes.view());
  ASSERT_TRUE(admitted) << admitted.error().to_error().message;
  EXPECT_EQ(admitted->item_count, item_count);
}

TEST_F(EditTest, RequestWithoutChangesKeepsItsBytes) {
  for (const Signal signal : kSignals) {
    const Bytes request = example_request_with_everything(signal);
    const AttributeEditor look = [](const EditContext&, AttributeList& list) { list.erase("no"); };
    for (const Rope& edited : {edit_resource_attributes(signal, Rope(request), look),
                               edit_scope_attributes(signal, Rope(request), look),
                               edit_item_attributes(signal, Rope(request), look)}) {
      ASSERT_EQ(edited.pieces().size(), 1u);
      EXPECT_EQ(edited.pieces()[0].data(), request.data());
      EXPECT_EQ(edited.size(), request.size());
    }
  }
}

// Setting an attribute and erasing it again gives the original bytes.
TEST_F(EditTest, SetThenErasedInAnotherEditIsTheRequestBefore) {
  for (const Signal signal : kEdited) {
    const Bytes request = example_request_with_everything(signal);
    const uint32_t item_count = admit(signal, request.view())->item_count;
    const AttributeEditor set = [](const EditContext&, AttributeList& list) {
      list.set("added", encode_string_value("value"));
    };
    const AttributeEditor erase = [](const EditContext&, AttributeList& list) {
      EXPECT_EQ(list.find("added")->text, "value");
      list.erase("added");
    };
    const Rope item = edit_item_attributes(signal, Rope(request), set);
    expect_valid(signal, item, item_count);
    EXPECT_GT(item.size(), request.size());
    EXPECT_EQ(edit_item_attributes(signal, item, erase).to_bytes().text(), request.text());
    const Rope resource = edit_resource_attributes(signal, Rope(request), set);
    expect_valid(signal, resource, item_count);
    EXPECT_EQ(edit_resource_attributes(signal, resource, erase).to_bytes().text(), request.text());
    const Rope scope = edit_scope_attributes(signal, Rope(request), set);
    expect_valid(signal, scope, item_count);
    EXPECT_EQ(edit_scope_attributes(signal, scope, erase).to_bytes().text(), request.text());
  }
}

// ResourceX messages: one with a schema_url, one with an empty one, one without any.
TEST_F(EditTest, SchemaUrlIsGivenOnlyWhereThereIsNone) {
  const std::string request = std::string("\x0a\x05\x1a\x03old") +
                              std::string("\x0a\x02\x1a\x00", 4) + std::string("\x0a\x00", 2);
  const AttributeEditor nothing = [](const EditContext&, AttributeList&) {};
  const AttributeEditor set = [](const EditContext&, AttributeList& list) {
    list.set("k", encode_bool_value(1));
  };
  const auto edited =
      edit_resources(Signal::kLogs, Rope(Bytes::copy_of(request)), nothing, "new", own.work);
  ASSERT_TRUE(edited);
  EXPECT_EQ(edited->to_bytes().text(),
            std::string("\x0a\x05\x1a\x03old") +
                std::string("\x0a\x07\x1a\x00\x1a\x03new\x0a\x05\x1a\x03new", 16));
  const auto both =
      edit_resources(Signal::kLogs, Rope(Bytes::copy_of(request)), set, "new", own.work);
  ASSERT_TRUE(both);
  size_t count = 0;
  edit_resource_attributes(Signal::kLogs, *both, [&](const EditContext& context, AttributeList& l) {
    EXPECT_TRUE(l.contains("k"));
    const std::string_view text = as_text(context.resource->bytes.view());
    EXPECT_TRUE(text.ends_with(count++ == 0 ? "old" : "new")) << text;
  });
  EXPECT_EQ(count, 3u);
  expect_valid(Signal::kLogs, *both, 0);
}

TEST_F(EditTest, OneWalkGivesWhatThreeGive) {
  for (const Signal signal : kEdited) {
    const Bytes request = example_request_with_everything(signal);
    const AttributeEditor edit = [](const EditContext&, AttributeList& list) {
      list.set("added", encode_string_value("value"));
      list.erase("text");
    };
    Rope expected = edit_resource_attributes(signal, Rope(request), edit);
    expected = edit_scope_attributes(signal, expected, edit);
    expected = edit_item_attributes(signal, expected, edit);
    const auto edited = edit_request(signal, Rope(request),
                                     {.resource = edit, .scope = edit, .item = edit}, own.work);
    ASSERT_TRUE(edited);
    EXPECT_EQ(edited->to_bytes().text(), expected.to_bytes().text());
  }
}

TEST_F(EditTest, OtherFieldsOfAnItemAreReplaced) {
  const Bytes request = example_request_with_everything(Signal::kTraces);
  const Rope edited = edit_item_attributes(Signal::kTraces, Rope(request),
                                           [](const EditContext& context, AttributeList& list) {
                                             list.append("\x60\x01");  // dropped_events_count
                                             wire::FieldReader fields(context.item);
                                             for (wire::Field field; fields.next(&field);) {
                                               if (field.number == 5)
                                                 list.replace(field.whole, "\x2a\x03new");
                                             }
                                             list.set("added", encode_bool_value(1));
                                           });
  size_t count = 0;
  edit_item_attributes(Signal::kTraces, edited, [&](const EditContext& context, AttributeList& l) {
    count++;
    EXPECT_EQ(SpanView::read(context.item).name, "new");
    EXPECT_TRUE(l.contains("added"));
  });
  EXPECT_GT(count, 0u);
}

TEST_F(EditTest, AFailureOfTheEditorIsTheResult) {
  const Bytes request = example_request_with_everything(Signal::kLogs);
  const auto edited = otlp::edit_item_attributes(
      Signal::kLogs, Rope(request),
      [](const EditContext&, AttributeList& list) { list.fail({Code::kUnavailable, "no"}); },
      own.work);
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().message, "no");
}

TEST_F(EditTest, UntouchedItemsStaySlicesOfTheReceivedChunk) {
  const Bytes request = example_request(Signal::kTraces, {1, 1, 100}, 1);
  const Rope edited = edit_item_attributes(Signal::kTraces, Rope(request),
                                           [](const EditContext& context, AttributeList& list) {
                                             if (SpanView::read(context.item).span_id[7] == 50)
                                               list.erase("thread.id");
                                           });
  size_t shared = 0;
  for (const Bytes& piece : edited.pieces()) {
    if (piece.chunk().get() == request.chunk().get()) shared += piece.size();
  }
  EXPECT_LE(edited.pieces().size(), 6u);
  EXPECT_LT(edited.size() - shared, 500u);
  expect_valid(Signal::kTraces, edited, 100);
}

TEST_F(EditTest, OtherResourcesKeepTheirBytes) {
  const Bytes request = example_request(Signal::kLogs, {3, 1, 60}, 1);
  const Rope edited = edit_resource_attributes(
      Signal::kLogs, Rope(request), [](const EditContext&, AttributeList& list) {
        if (list.find("service.name")->text == "checkout-1") list.set("k", encode_int_value(1));
      });
  expect_valid(Signal::kLogs, edited, 180);
  EXPECT_EQ(edited.pieces().front().data(), request.data());
  const Bytes& last = edited.pieces().back();
  EXPECT_EQ(last.data() + last.size(), request.data() + request.size());
}

TEST_F(EditTest, ValueIsReplacedWhereItStood) {
  const Bytes request = example_request(Signal::kTraces, {1, 1, 1}, 1);
  const Rope edited = edit_item_attributes(
      Signal::kTraces, Rope(request), [](const EditContext& context, AttributeList& list) {
        EXPECT_EQ(context.scope->name, "io.example.library-0");
        EXPECT_EQ(find_attribute(context.resource->resource.view(), 1, "host.name")->text,
                  "ip-10-0-12-34");
        list.set("url.path", encode_string_value("/"));
        list.set("url.path", encode_string_value("/again"));
      });
  std::string order;
  edit_item_attributes(Signal::kTraces, edited, [&](const EditContext&, AttributeList& list) {
    list.for_each([&](std::string_view key, const AnyValueView& value) {
      order += std::string(key) + "=" + to_text(value) + " ";
    });
  });
  EXPECT_TRUE(
      order.starts_with("http.request.method=GET url.path=/again "
                        "http.response.status_code=200 "))
      << order;
}

TEST_F(EditTest, ResourceIsMadeWhereThereIsNone) {
  const Bytes request = Bytes::copy_of(std::string_view("\x0a\x00", 2));
  const Rope edited = edit_resource_attributes(
      Signal::kTraces, Rope(request),
      [](const EditContext&, AttributeList& list) { list.set("a", encode_bool_value(1)); });
  ResourceView resource;
  ASSERT_TRUE(ResourceReader(edited).next(&resource));
  EXPECT_EQ(find_attribute(resource.resource.view(), 1, "a")->type, AnyValueView::Type::kBool);
}

TEST_F(EditTest, RequestInPiecesIsEditedAsOne) {
  for (const Signal signal : kEdited) {
    const Bytes request = example_request_with_everything(signal);
    Rope pieces;
    for (size_t at = 0; at < request.size(); at++) {
      pieces.append(Bytes::copy_of(request.view().subspan(at, 1)));
    }
    const AttributeEditor edit = [](const EditContext&, AttributeList& list) {
      list.set("text", encode_double_value(1.5));
      list.erase("blob");
    };
    EXPECT_EQ(edit_item_attributes(signal, pieces, edit).to_bytes().text(),
              edit_item_attributes(signal, Rope(request), edit).to_bytes().text());
  }
}

}  // namespace
}  // namespace millrace::otlp
