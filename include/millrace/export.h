// What every public header begins with: the namespace and what is visible outside the library.
//
// The interface lives in millrace::v1, an inline namespace: write millrace::Collector. The version
// in the symbols lets two versions of the library live in one process.
#pragma once

#if defined(_WIN32)
#error "Millrace runs on Linux"
#endif

// Visible outside the library.
#define MILLRACE_API __attribute__((visibility("default")))

// The library itself has types of its own in namespace millrace and names these ones with v1::.
#ifdef MILLRACE_BUILDING_LIBRARY
#define MILLRACE_NAMESPACE_BEGIN \
  namespace millrace {           \
  namespace v1 {
#else
#define MILLRACE_NAMESPACE_BEGIN \
  namespace millrace {           \
  inline namespace v1 {
#endif
// Closes what MILLRACE_NAMESPACE_BEGIN opens.
#define MILLRACE_NAMESPACE_END \
  }                            \
  }
