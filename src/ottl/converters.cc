#include "ottl/converters.h"

namespace millrace::ottl {

Converter find_converter(Function function) {
  for (const auto table : {text_converters(), value_converters()}) {
    for (const ConverterRow& row : table) {
      if (row.function == function) return row.run;
    }
  }
  return nullptr;
}

Editor find_editor(Function function) {
  for (const EditorRow& row : editors()) {
    if (row.function == function) return row.run;
  }
  return nullptr;
}

}  // namespace millrace::ottl
