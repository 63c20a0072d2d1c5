// The namespace of the interface, and its visibility outside the library.
//
// The interface lives in millrace::v1, an inline namespace: write millrace::Collector. The version
// in the symbols lets two versions of the library live in one process.
#pragma once

#if defined(_WIN32)
#error "Millrace runs on Linux"
#endif

// Makes a class or function visible outside the library.
#define MILLRACE_API __attribute__((visibility("default")))

// The library has internal types in namespace millrace and writes v1:: for the public ones.
#ifdef MILLRACE_BUILDING_LIBRARY
#define MILLRACE_NAMESPACE_BEGIN \
  namespace millrace {           \
  namespace v1 {
#else
#define MILLRACE_NAMESPACE_BEGIN \
  namespace millrace {           \
  inline namespace v1 {
#endif
// Closes the namespaces that MILLRACE_NAMESPACE_BEGIN opens.
#define MILLRACE_NAMESPACE_END \
  }                            \
  }
