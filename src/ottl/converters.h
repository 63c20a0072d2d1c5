// The functions that can run, by name. The compiler refuses the others.
#pragma once

#include <span>

#include "ottl/arguments.h"
#include "ottl/function.h"

namespace millrace::ottl {

using Converter = Evaluated<Value> (*)(Arguments&);
struct ConverterRow {
  Function function;
  Converter run;
};
std::span<const ConverterRow> address_converters();
std::span<const ConverterRow> encoding_converters();
std::span<const ConverterRow> hash_converters();
std::span<const ConverterRow> list_converters();
std::span<const ConverterRow> metric_converters();
std::span<const ConverterRow> parse_converters();
std::span<const ConverterRow> text_converters();
std::span<const ConverterRow> time_converters();
std::span<const ConverterRow> type_converters();

using Editor = Evaluated<void> (*)(Arguments&);
struct EditorRow {
  Function function;
  Editor run;
};
std::span<const EditorRow> list_editors();
std::span<const EditorRow> map_editors();
std::span<const EditorRow> metric_editors();
std::span<const EditorRow> metric_extractors();
std::span<const EditorRow> pattern_editors();
std::span<const EditorRow> span_editors();

// Null: the function cannot run.
Converter find_converter(Function function);
Editor find_editor(Function function);

}  // namespace millrace::ottl
