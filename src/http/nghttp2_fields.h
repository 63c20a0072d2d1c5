// Header fields as nghttp2 takes them. It wants pointers to non-const bytes and does not write
// through them. For the sessions only: no other file includes nghttp2.
#pragma once

#include <nghttp2/nghttp2.h>

#include <string_view>
#include <vector>

#include "http/header_list.h"

namespace millrace::http {

inline nghttp2_nv to_nghttp2_field(std::string_view name, std::string_view value, uint8_t flags) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          flags};
}

// Both texts live as long as the session.
inline nghttp2_nv static_field(std::string_view name, std::string_view value) {
  return to_nghttp2_field(name, value,
                          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE);
}

inline std::vector<nghttp2_nv> copied_fields(const std::vector<ResponseField>& fields) {
  std::vector<nghttp2_nv> list;
  list.reserve(fields.size());
  for (const ResponseField& field : fields) {
    list.push_back(to_nghttp2_field(field.name, field.value, NGHTTP2_NV_FLAG_NONE));
  }
  return list;
}

}  // namespace millrace::http
