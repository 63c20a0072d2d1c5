#include "ottl/converters.h"

namespace millrace::ottl {

Converter find_converter(Function function) {
  for (const auto table : {text_converters(), type_converters(), parse_converters(),
                           list_converters(), time_converters(), hash_converters(),
                           encoding_converters(), address_converters(), metric_converters()}) {
    for (const ConverterRow& row : table) {
      if (row.function == function) return row.run;
    }
  }
  return nullptr;
}

Editor find_editor(Function function) {
  for (const auto table : {map_editors(), pattern_editors(), list_editors(), span_editors(),
                           metric_editors(), metric_extractors()}) {
    for (const EditorRow& row : table) {
      if (row.function == function) return row.run;
    }
  }
  return nullptr;
}

}  // namespace millrace::ottl
