// Lines of log formats: CLF of web servers, CEF and LEEF of security devices, ELF of the W3C. Pure;
// linear. What is read lives in the scratch; errors say what is missing.
#pragma once

#include <string_view>

#include "ottl/program.h"

namespace millrace::ottl {

enum class ClfForm : uint8_t { kCommon, kCombined };
// "clf.remote_host", "clf.method", "clf.status", …
Evaluated<Value> read_clf(std::string_view line, ClfForm form, Scratch& scratch);
// "cef.version", …, and "cef.extensions", a map.
Evaluated<Value> read_cef(std::string_view line, Scratch& scratch);
// "leef.version", …, and "leef.attributes", a map.
Evaluated<Value> read_leef(std::string_view line, Scratch& scratch);
// Directives and lines of data: "elf.version", …, "elf.fields" and "elf.entries", a list of maps.
Evaluated<Value> read_elf(std::string_view text, Scratch& scratch);

}  // namespace millrace::ottl
